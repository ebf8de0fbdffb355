Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") };
