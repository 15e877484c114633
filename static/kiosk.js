// On a kiosk, which is one device for all, browsers bring back a page that was left as it was left, with what somebody chose on it, whatever
// its headers say. So a page that is left is covered, and one that is brought back is asked for anew. Every page works without this.
addEventListener('pagehide', function () { document.documentElement.hidden = true; });
addEventListener('pageshow', function (event) { if (event.persisted) location.replace(location.href); });
