// Reading a page aloud, and printing it. What stands in `data-read` is spoken by the browser's own voice, a heading, a
// paragraph or a line at a time, and the part that is spoken is marked. Where the browser has no voice for the page's
// language there is no button; without this script there is none at all, and the page is whole as it is.
"use strict";

(() => {
  const tools = document.querySelector("[data-tools]");
  const read = document.querySelector("[data-read]");
  if (!tools || !read) return;
  const TONGUES = { "zh-Hans": ["zh-cn", "cmn-hans", "zh"], "zh-Hant": ["zh-tw", "zh-hk", "cmn-hant", "zh"], en: ["en"] };
  const button = (name) => tools.querySelector(`[data-aloud="${name}"]`);
  const start = button("start");
  const pause = button("pause");
  const stop = button("stop");
  const speech = window.speechSynthesis;
  const parts = () =>
    Array.from(read.querySelectorAll("h1, h2, h3, p, li, dt")).filter(
      (part) => !part.closest(".no-print, [data-tools]") && !part.querySelector("p, li") && part.textContent.trim(),
    );
  let queue = [];

  const voice = (language) => {
    const voices = speech.getVoices();
    for (const tongue of TONGUES[language] || [language.toLowerCase()]) {
      const found = voices.find((one) => one.lang.replace("_", "-").toLowerCase().startsWith(tongue));
      if (found) return found;
    }
    return null;
  };

  const mark = (part) => {
    for (const one of read.querySelectorAll(".spoken")) one.classList.remove("spoken");
    if (part) part.classList.add("spoken");
  };

  const show = (speaking) => {
    start.hidden = speaking;
    pause.hidden = stop.hidden = !speaking;
    pause.textContent = pause.dataset.says;
  };

  const ended = () => {
    queue = [];
    mark(null);
    show(false);
  };

  const next = () => {
    const part = queue.shift();
    if (!part) return ended();
    const said = new SpeechSynthesisUtterance(part.textContent.replace(/\s+/g, " ").trim());
    const language = part.closest("[lang]").lang;
    const chosen = voice(language);
    if (chosen) said.voice = chosen;
    said.lang = chosen ? chosen.lang : language;
    said.onstart = () => mark(part);
    said.onend = next;
    said.onerror = ended;
    speech.speak(said);
  };

  const offer = () => {
    if (start.hidden && pause.hidden && voice(document.documentElement.lang)) start.hidden = false;
  };

  start.addEventListener("click", () => {
    speech.cancel();
    queue = parts();
    show(true);
    pause.focus();
    next();
  });
  pause.addEventListener("click", () => {
    const paused = pause.textContent === pause.dataset.else;
    paused ? speech.resume() : speech.pause();
    pause.textContent = paused ? pause.dataset.says : pause.dataset.else;
  });
  stop.addEventListener("click", () => {
    queue = [];
    speech.cancel();
    ended();
    start.focus();
  });
  tools.querySelector("[data-print]").addEventListener("click", () => window.print());
  tools.hidden = false;
  if (!speech) return;
  offer();
  if (speech.addEventListener) speech.addEventListener("voiceschanged", offer);
  window.addEventListener("pagehide", () => speech.cancel());
})();
