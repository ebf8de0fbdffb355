const Real = Promise;
window.Promise = class Zone extends Real { then(...all) { return super.then(...all) } };
const wait = window.setTimeout;
window.setTimeout = (run, ms, ...rest) => wait(() => run(...rest), ms);
const listen = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (type, run, ...rest) { return listen.call(this, type, run, ...rest) };
