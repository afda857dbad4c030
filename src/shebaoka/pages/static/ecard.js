// The electronic card's code is exchanged while its page is looked at. Without this, the page's key does the same.
"use strict";

const part = document.querySelector("[data-ecard]");
const MINUTE = 60;
let left = MINUTE;
let exchanges = Number(part.dataset.exchanges);

const tell = () => {
  const says = part.querySelector("[data-left]");
  if (says) says.textContent = left > 0 ? says.dataset.says.replace("{0}", left) : says.dataset.over;
  part.classList.toggle("over", left <= 0);
};

const exchange = async () => {
  const answer = await fetch("/my/ecard/code", { credentials: "same-origin" }).catch(() => null);
  if (!answer) return; // no network: the code is over, and the key asks again
  if (!answer.ok || answer.redirected) {
    location.reload(); // signed out, or too often: the page says it
    return;
  }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  part.replaceChildren(...next.body.childNodes);
  left = MINUTE;
  tell();
};

document.querySelector("[data-by-itself]").hidden = false;
tell();
setInterval(() => {
  if (left <= 0) return;
  left -= 1;
  tell();
  if (left > 0 || exchanges <= 0) return;
  if (document.hidden) return; // nobody looks: the next code is made when somebody does
  exchanges -= 1;
  exchange();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && left <= 0 && exchanges > 0) {
    exchanges -= 1;
    exchange();
  }
});
