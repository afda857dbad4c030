"use strict";
// Sorts the windows by how far they are from the browser's own position, on a press. The position stays in this page.
(() => {
  const mine = document.getElementById("mine");
  const list = document.querySelector(".sites");
  if (!mine || !list || !navigator.geolocation || !isSecureContext) return;
  const says = mine.querySelector("[role=status]");
  const radians = (degrees) => (degrees * Math.PI) / 180;

  const metresBetween = (a, b) => {
    const first = radians(a.latitude);
    const second = radians(b.latitude);
    const turn = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
    const chord = Math.sin((second - first) / 2) ** 2 + Math.cos(first) * Math.cos(second) * turn;
    return 2 * 6371008.8 * Math.asin(Math.min(1, Math.sqrt(chord)));
  };

  const spoken = (metres) => {
    const km = metres / 1000;
    const far = metres < 950 ? mine.dataset.metres : mine.dataset.kilometres;
    const number = metres < 950 ? Math.max(100, Math.round(metres / 100) * 100) : km < 9.95 ? km.toFixed(1) : km.toFixed(0);
    return mine.dataset.says.replace("{0}", far.replace("{distance}", number));
  };

  const found = ({ coords }) => {
    const known = [...list.querySelectorAll("[data-latitude]")].map((site) => {
      const at = { latitude: Number(site.dataset.latitude), longitude: Number(site.dataset.longitude) };
      return { site, metres: metresBetween(coords, at) };
    });
    known.sort((a, b) => a.metres - b.metres);
    for (const { site, metres } of known) site.querySelector(".distance").textContent = spoken(metres);
    list.prepend(...known.map(({ site }) => site));
    const map = document.querySelector(".city-map");
    if (map) {
      const x = (coords.longitude - Number(map.dataset.west)) * Number(map.dataset.perX);
      const y = (Number(map.dataset.north) - coords.latitude) * Number(map.dataset.perY);
      const { width, height } = map.viewBox.baseVal;
      const you = document.getElementById("you");
      you.setAttribute("transform", `translate(${x} ${y})`);
      you.setAttribute("visibility", x > 0 && y > 0 && x < width && y < height ? "visible" : "hidden");
    }
    says.textContent = mine.dataset.done;
  };

  const refused = () => {
    says.textContent = mine.dataset.refused;
  };

  mine.querySelector("button").addEventListener("click", () => {
    says.textContent = "";
    navigator.geolocation.getCurrentPosition(found, refused, { timeout: 15000, maximumAge: 60000 });
  });
  mine.hidden = false;
})();
