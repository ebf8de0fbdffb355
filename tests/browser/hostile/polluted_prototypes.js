Object.prototype.extra = "x";
Object.prototype.name = "polluted";
Array.prototype.extra = () => 1;
String.prototype.extra = 2;
Element.prototype.extra = 3;
window.name = "x";
window.status = "y";
