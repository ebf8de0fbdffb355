Array.prototype.toJSON = undefined;
Object.defineProperty(Object.prototype, "toQueryString", { value: () => "", enumerable: true });
Array.prototype.each = Array.prototype.forEach;
Array.prototype.first = function () { return this[0] };
Array.from = (like) => [...like];
