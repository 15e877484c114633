// Keeps what was filled in until it has arrived, and sends it again. Every page works without this. What is sent later from the same page,
// in whatever language, takes its place. The last page sends what is still kept of its link; once the answer is deleted or its time is
// over, that is dropped. Deleting is never kept: who changes her mind must not be deleted later.
(function () {
var form = document.querySelector('form[method=post]:not(.now)'), net = document.getElementById('net');
var link = 'survey ' + location.origin + location.pathname.split('/', 3).join('/');
function each(act) { try { Object.keys(sessionStorage).forEach(act); } catch (e) {} }
function left(key) {
if (key.indexOf(link) !== 0) return;
var gone = function (answer) { if (!answer || (answer.status < 500 && answer.status !== 429)) sessionStorage.removeItem(key); };
if (net.dataset.kept === 'drop') gone();
else fetch(key.slice(7), {method: 'POST', body: new URLSearchParams(sessionStorage.getItem(key)), headers: {'X-Form': '1'}}).then(gone, Boolean);
}
if (net && net.dataset.kept) each(left);
if (!form || !net || !window.fetch || !window.URLSearchParams || !window.FormData) return;
var key = 'survey ' + form.action, body = null, busy = false, wait = 3000, timer;
function keep(text) {
each(function (one) { if (one.split('?')[0] === key.split('?')[0]) sessionStorage.removeItem(one); });
try { if (text !== null) sessionStorage.setItem(key, text); } catch (e) {}
}
function kept() { try { return sessionStorage.getItem(key); } catch (e) { return null; } }
function plainly() {
form.querySelectorAll('[type=radio],[type=hidden],textarea').forEach(function (one) { one.disabled = true; });
new URLSearchParams(body).forEach(function (value, name) {
var one = document.createElement('input'); one.type = 'hidden'; one.name = name; one.value = value; form.appendChild(one); });
keep(null); HTMLFormElement.prototype.submit.call(form);
}
function lost() {
busy = false; net.textContent = net.dataset.lost;
clearTimeout(timer); timer = setTimeout(send, wait); wait = Math.min(wait * 2, 30000);
}
function send() {
if (busy || body === null) return;
busy = true; clearTimeout(timer); var sent = body;
if (wait === 3000) net.textContent = net.dataset.sending;
var stop = window.AbortController ? new AbortController() : null;
var late = setTimeout(function () { if (stop) stop.abort(); }, 30000);
fetch(form.action, {method: 'POST', body: new URLSearchParams(body), headers: {'X-Form': '1'}, signal: stop ? stop.signal : undefined})
.then(function (answer) {
clearTimeout(late);
var next = answer.headers.get('X-Next');
if (body !== sent) { busy = false; send(); }
else if (answer.status === 204 && next) { keep(null); location.assign(next); }
else if (answer.status >= 500 || answer.status === 429) lost();
else plainly();
}, function () { clearTimeout(late); lost(); });
}
form.addEventListener('submit', function (event) {
var data = new FormData(form), by = event.submitter;
if (!data.entries || (!by && form.querySelector('button[name]'))) return;
event.preventDefault();
if (by && by.name) data.append(by.name, by.value);
body = new URLSearchParams(data).toString(); wait = 3000; keep(body); send();
});
window.addEventListener('online', send);
window.addEventListener('pageshow', function (event) { if (event.persisted) { busy = false; body = null; net.textContent = ''; } });
body = kept();
if (body !== null) send();
})();
