// Who it is, as Milepost's install page says, and what Linden HR has just done.
(function () {
  function meta(name) {
    var found = document.querySelector('meta[name="' + name + '"]');
    return found ? found.content : "";
  }
  window.milepost("init", meta("milepost:key"), { builder: true });
  window.milepost("identify", meta("milepost:user"), JSON.parse(meta("milepost:traits")), {
    account: meta("milepost:account"),
    token: meta("milepost:token"),
  });
  var event = meta("linden:event");
  if (event) window.milepost("track", event, JSON.parse(meta("linden:properties")));
})();
