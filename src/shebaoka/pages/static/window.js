// The window's pages with a script: signature, camera, the holder's keypad, waiting for their PIN. All of it works without.
"use strict";

const sign = document.querySelector("[data-sign]");
if (sign) {
  const canvas = sign.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const field = document.querySelector("input[name=strokes]");
  const strokes = [];
  let began = 0;
  sign.hidden = false;
  pen.lineWidth = 3;
  pen.lineCap = pen.lineJoin = "round";
  const point = (e) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.round(((e.clientX - box.left) * canvas.width) / box.width);
    const y = Math.round(((e.clientY - box.top) * canvas.height) / box.height);
    began ||= e.timeStamp;
    return [Math.max(0, Math.min(canvas.width, x)), Math.max(0, Math.min(canvas.height, y)), Math.round(e.timeStamp - began)];
  };
  canvas.addEventListener("pointerdown", (e) => {
    canvas.setPointerCapture(e.pointerId);
    const p = point(e);
    strokes.push([p]);
    pen.beginPath();
    pen.moveTo(p[0], p[1]);
    pen.lineTo(p[0], p[1]); // a tap is a dot
    pen.stroke();
    e.preventDefault();
  });
  canvas.addEventListener("pointermove", (e) => {
    if (!canvas.hasPointerCapture(e.pointerId)) return;
    const p = point(e);
    strokes[strokes.length - 1].push(p);
    pen.lineTo(p[0], p[1]);
    pen.stroke();
  });
  sign.querySelector("[data-clear]").addEventListener("click", () => {
    strokes.length = 0;
    began = 0;
    pen.clearRect(0, 0, canvas.width, canvas.height);
  });
  field.form.addEventListener("submit", () => {
    field.value = strokes.length ? JSON.stringify(strokes) : "";
  });
}

const camera = document.querySelector("[data-camera]");
if (camera && navigator.mediaDevices) {
  const open = document.querySelector("[data-camera-open]");
  const video = camera.querySelector("video");
  const file = document.querySelector("input[name=photo]");
  open.hidden = false;
  open.addEventListener("click", async () => {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 1920, height: 1080 } });
    await video.play();
    camera.hidden = false;
    open.hidden = true;
  });
  camera.querySelector("[data-shoot]").addEventListener("click", () => {
    const still = document.createElement("canvas");
    still.width = video.videoWidth;
    still.height = video.videoHeight;
    still.getContext("2d").drawImage(video, 0, 0);
    still.toBlob((blob) => {
      const taken = new DataTransfer();
      taken.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
      file.files = taken.files;
      for (const track of video.srcObject.getTracks()) track.stop();
      file.form.requestSubmit();
    }, "image/jpeg", 0.95);
  });
}

const digits = document.querySelector("[data-digits]");
if (digits) {
  const fields = [...digits.closest("form").querySelectorAll("input[type=password]")];
  let now = fields[0];
  digits.hidden = false;
  for (const field of fields) field.addEventListener("focus", () => { now = field; });
  digits.addEventListener("click", (e) => {
    const digit = e.target.dataset.digit;
    if (!digit) return;
    if (digit === "back") {
      // Each full field leads on to the next; from an empty one it is the last digit before it that goes.
      if (!now.value) now = fields[Math.max(0, fields.indexOf(now) - 1)];
      now.value = now.value.slice(0, -1);
      return now.focus();
    }
    if (now.value.length < now.maxLength) now.value += digit;
    const next = fields[fields.indexOf(now) + 1];
    if (now.value.length === now.maxLength && next) next.focus();
  });
}

const waits = document.querySelector("[data-waits]");
if (waits) {
  (async () => {
    for (;;) {
      const answer = await fetch(waits.dataset.waits).catch(() => null);
      if (answer && (answer.redirected || (answer.status >= 400 && answer.status < 500))) return;
      if (answer && answer.ok && (await answer.text()) === "1") return window.location.reload();
      // The server is away: it is asked again, and not all the time.
      if (!answer || !answer.ok) await new Promise((then) => setTimeout(then, 3000));
    }
  })();
}

// A card put into this machine's own reader is as good as its serial typed with Enter; the small program beside the reader
// tells each card once. Only the page in front asks: one that is hidden lets the reader go.
const reads = document.querySelector("[data-reader]");
const scan = document.querySelector("[data-scan]");
if (reads && scan) {
  const say = (what) => {
    if (reads.textContent !== reads.dataset[what]) reads.textContent = reads.dataset[what];
  };
  let asked = null;
  const ask = async () => {
    if (asked || document.hidden) return;
    asked = new AbortController();
    const stops = asked.signal;
    let path = "/";
    while (!stops.aborted) {
      const answer = await fetch(reads.dataset.reader + path, { signal: stops, credentials: "omit" }).catch(() => null);
      if (stops.aborted) return;
      const told = answer && answer.status === 200 ? await answer.json().catch(() => null) : null;
      if (told && told.serial) {
        scan.value = told.serial;
        return scan.form.requestSubmit();
      }
      if (told) say(told.trouble === "not_a_social_security_card" ? "other" : "unread");
      else if (!answer || !answer.ok) say("away");
      else if (path === "/") say("ready");
      path = answer && answer.ok ? "/card" : "/";
      if (!answer || !answer.ok) await new Promise((then) => setTimeout(then, 3000));
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && asked) asked.abort();
    if (document.hidden) asked = null;
    ask();
  });
  ask();
}

const goesOn = document.querySelector("[data-goes-on]");
if (goesOn) goesOn.requestSubmit();

// What was typed stays, should the session have ended, the database be away, or the page be asked for in another language:
// when the same version of the same step is shown again, it is put back. It is kept for this window alone, and for the
// next of these pages.
const TYPED = "typed";
const typedIn = (form) => [...form.elements].filter((e) => e.name && !["hidden", "file", "password"].includes(e.type));
const kept = JSON.parse(sessionStorage.getItem(TYPED) || "null");
sessionStorage.removeItem(TYPED);
const typing = document.querySelector(".step-form[action*='/steps/']");
if (typing && typedIn(typing).length) {
  const [at, version] = [typing.getAttribute("action"), typing.elements.version.value];
  if (kept && kept.at === at && kept.version === version && !document.querySelector("#problem")) {
    for (const [n, field] of typedIn(typing).entries()) {
      if (!kept.fields[n]) continue;
      field.value = kept.fields[n][0];
      if ("checked" in field) field.checked = kept.fields[n][1];
    }
  }
  window.addEventListener("pagehide", () => {
    const fields = typedIn(typing).map((e) => [e.value, e.checked]);
    sessionStorage.setItem(TYPED, JSON.stringify({ at, version, fields }));
  });
}

// A second click while the first is on its way does nothing; coming back to the page, it may be clicked again.
for (const form of document.querySelectorAll(".step-form:not([target])")) {
  let sent = false;
  form.addEventListener("submit", (e) => {
    if (sent) e.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", () => { sent = false; });
}

// Alt and a letter, in whichever browser: most have a key of their own before access keys, and say so differently.
document.addEventListener("keydown", (e) => {
  if (e.defaultPrevented || !e.altKey || e.ctrlKey || e.metaKey || e.key.length !== 1) return;
  const meant = document.querySelector(`[accesskey="${CSS.escape(e.key.toLowerCase())}"]`);
  if (!meant) return;
  e.preventDefault();
  meant.focus();
  meant.click();
});
