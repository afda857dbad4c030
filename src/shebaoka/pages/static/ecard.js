// The electronic card's code is exchanged while its page is looked at. Without this, the page's key does the same.
"use strict";

const part = document.querySelector("[data-ecard]");
const MINUTE = 60_000;
let over = Date.now() + MINUTE; // by the clock, for a browser counts slowly while nobody looks
let exchanges = Number(part.dataset.exchanges);
let asking = false;

const left = () => Math.max(0, Math.ceil((over - Date.now()) / 1000));

const tell = () => {
  const says = part.querySelector("[data-left]");
  if (says) says.textContent = left() ? says.dataset.says.replace("{0}", left()) : says.dataset.over;
  part.classList.toggle("over", !left());
};

const exchange = async () => {
  const asked = Date.now();
  const answer = await fetch("/my/ecard/code", { credentials: "same-origin" }).catch(() => null);
  if (!answer) return; // no network: the code is over, and the key asks again
  if (!answer.ok || answer.redirected) {
    exchanges = 0; // the page is on its way out, and asks no more
    location.reload(); // signed out, or too often: the page says it
    return;
  }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  part.replaceChildren(...next.body.childNodes);
  over = asked + MINUTE;
  tell();
};

const tick = async () => {
  tell();
  if (left() || asking || exchanges <= 0 || document.hidden) return; // the next code is made when somebody looks
  asking = true;
  exchanges -= 1;
  await exchange();
  asking = false;
};

document.querySelector("[data-by-itself]").hidden = false;
tick();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
