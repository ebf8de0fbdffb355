// What every console page shares: copying code, asking before what can't be undone.
import "./js/copy.js";
import "./js/confirm.js";
