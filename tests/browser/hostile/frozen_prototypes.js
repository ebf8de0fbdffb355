[Object, Array, Function, Promise, String, Map, Set, Element, Node, EventTarget].forEach((one) => Object.freeze(one.prototype));
