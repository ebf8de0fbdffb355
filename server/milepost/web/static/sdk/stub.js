"use strict";(()=>{(e=>{let n=(...u)=>{n.q.push(u)};n.q=[],e.milepost??=n})(window);})();
