// What Milepost's install page says to add: the queue, one init, one identify. Linden HR's own events follow.
(function () {
  var page = window;
  page.milepost = page.milepost || function () { (page.milepost.q = page.milepost.q || []).push([].slice.call(arguments)); };
  function meta(name) {
    var found = document.querySelector('meta[name="' + name + '"]');
    return found ? found.content : "";
  }
  page.milepost("init", meta("milepost:key"), { host: meta("milepost:host") });
  page.milepost("identify", meta("milepost:user"), JSON.parse(meta("milepost:traits")), {
    account: meta("milepost:account"),
    token: meta("milepost:token"),
  });
  var event = meta("linden:event");
  if (event) page.milepost("track", event, JSON.parse(meta("linden:properties")));
})();
