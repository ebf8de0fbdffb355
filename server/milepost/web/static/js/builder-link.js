// The link is good for a minute: follow it at once, and leave no way back to it.
location.replace(document.getElementById("open").href);
