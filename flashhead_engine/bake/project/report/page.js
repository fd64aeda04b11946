"use strict";

// Everything of a project is written with textContent and setAttribute, never as HTML.
(() => {
  const { rows, states, curve_hz: curveHz } = JSON.parse(document.getElementById("data").textContent);
  const ROWS_AT_ONCE = 100;
  const LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const byId = (id) => document.getElementById(id);

  const fixed = (digits) => (value) => value.toFixed(digits);
  const percent = (value) => `${(100 * value).toFixed(value && value < 0.1 ? 1 : 0)} %`;
  const COLUMNS = [
    { title: "Mouth", fill: fillPicture, className: "picture" },
    { title: "Player", fill: fillPlay },
    { title: "Line", key: (row) => row.name, fill: fillLine, header: true },
    { title: "State", key: (row) => Object.keys(states).indexOf(row.state), fill: fillState },
    number("Score", "score", fixed(2), (row) => row.score),
    number("Confidence", "confidence", fixed(2)),
    number("Follows", "correlation", fixed(2)),
    number("Lag ms", "lag_ms", String),
    number("Closures", "closures", (_, { quality }) => `${quality.closures_made}/${quality.closures}`, closedShare),
    number("Sounds/s", "sounds_per_s", fixed(1)),
    number("Motion", "mouth_motion", fixed(2)),
    number("Silence", "silence", percent),
    number("Clipping", "clipping", percent),
  ];

  let shown = rows;
  let order = null; // {column, descending}; null: as the data is, the worst first
  let built = 0;
  let player = null; // {button, line, stop}

  for (const row of rows) {
    row.character ??= "";
    row.language ??= "";
    row.quality ??= {};
    row.beyond ??= {};
    row.notes ??= [];
    row.sought = [row.name, row.text ?? "", ...row.notes, ...Object.values(row.beyond)].join("\n").toLowerCase();
  }

  function closedShare({ quality }) {
    return quality.closures && quality.closures_made / quality.closures;
  }

  /** `text` is given the value that `key` takes from a row, and the row. */
  function number(title, measure, text, key = (row) => row.quality[measure]) {
    const fill = (cell, row) => {
      cell.textContent = key(row) == null ? "–" : text(key(row), row);
      if (measure in row.beyond) {
        cell.classList.add("outside");
        cell.title = row.beyond[measure];
      }
    };
    return { title, key, fill, className: "number" };
  }

  function add(parent, tag, text, className) {
    const element = parent.appendChild(document.createElement(tag));
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  function fillPicture(cell, row) {
    const picture = add(cell, row.thumbnail ? "img" : "span");
    if (row.thumbnail) {
      picture.src = row.thumbnail;
      picture.alt = `the mouth of ${row.name} at its widest`;
    }
  }

  function fillLine(cell, row) {
    cell.scope = "row";
    add(cell, "b", row.name);
    add(cell, "small", row.character);
    if (row.text) add(cell, "p", row.text);
    const className = row.state === "failed" ? "wrong" : "warned";
    for (const what of [...row.notes, ...Object.values(row.beyond)]) add(cell, "p", what, className);
  }

  function fillState(cell, row) {
    add(cell, "span", states[row.state], `badge ${row.state}`);
  }

  function fillPlay(cell, row) {
    if (!row.audio && !row.video) return;
    const button = add(cell, "button", "Play", "play");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-label", `Play ${row.name}`);
    button.addEventListener("click", () => {
      const again = player?.button === button;
      closePlayer();
      if (!again) openPlayer(row, button);
    });
  }

  function closePlayer() {
    if (!player) return;
    player.stop();
    player.line.remove();
    player.button.setAttribute("aria-expanded", "false");
    player = null;
  }

  function openPlayer(row, button) {
    const line = document.createElement("tr");
    line.className = "player";
    const cell = add(line, "td");
    cell.colSpan = COLUMNS.length;
    const box = add(cell, "div");
    const media = add(box, row.video ? "video" : "audio");
    media.controls = true;
    media.src = row.video ?? row.audio;
    media.addEventListener("error", () => {
      if (!box.querySelector(".broken")) add(box, "p", `${media.getAttribute("src")} cannot be played here.`, "broken");
    });
    const stopCursor = row.mouth && !row.video ? drawMouth(box, row, media) : () => {};
    const stop = () => {
      stopCursor();
      media.pause();
      media.removeAttribute("src");
      media.load();
    };
    button.closest("tr").after(line);
    button.setAttribute("aria-expanded", "true");
    media.addEventListener("loadedmetadata", () => line.scrollIntoView({ block: "nearest" }));
    player = { button, line, stop };
    media.play().catch(() => {}); // without sound devices or against the reader's settings: the controls remain
  }

  /** The opening of the lips as an area, with a line at the time that is heard. Returns what ends its animation. */
  function drawMouth(box, row, media) {
    const svg = (parent, tag, attributes) => {
      const element = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", tag));
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    const figure = add(box, "figure");
    const width = row.mouth.length;
    const picture = svg(figure, "svg", { viewBox: `0 0 ${width} 64`, preserveAspectRatio: "none", role: "img" });
    picture.setAttribute("aria-label", "How far the mouth is open over time");
    const points = [...row.mouth].map((level, index) => `L${index} ${64 - LEVELS.indexOf(level)}`);
    svg(picture, "path", { d: `M0 64 ${points.join(" ")} L${width - 1} 64 Z` });
    const cursor = svg(picture, "line", { x1: 0, x2: 0, y1: 0, y2: 64 });
    add(figure, "figcaption", "How far the mouth is open. Click to listen from there.");
    picture.addEventListener("click", (event) => {
      const frame = picture.getBoundingClientRect();
      media.currentTime = (((event.clientX - frame.left) / frame.width) * width) / curveHz;
    });
    let request = 0;
    const follow = () => {
      cursor.setAttribute("x1", media.currentTime * curveHz);
      cursor.setAttribute("x2", media.currentTime * curveHz);
      request = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(request);
  }

  function choose() {
    const wanted = { state: byId("state").value, character: byId("character").value, language: byId("language").value };
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const hasState = (row) =>
      wanted.state === "warned" ? row.notes.length > 0 && row.state !== "failed" : row.state === wanted.state;
    shown = rows.filter(
      (row) =>
        (!wanted.state || hasState(row)) &&
        (!wanted.character || row.character === wanted.character) &&
        (!wanted.language || row.language === wanted.language) &&
        words.every((word) => row.sought.includes(word)),
    );
    if (order) shown = sorted(shown, order.column.key, order.descending);
    closePlayer();
    byId("lines").replaceChildren();
    built = 0;
    build();
    byId("nothing").hidden = shown.length > 0;
    byId("shown").textContent = `${shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} lines`;
  }

  /** What has no value comes last either way. */
  function sorted(list, key, descending) {
    const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
    return list.toSorted((first, second) => {
      const [a, b] = [key(first), key(second)];
      if (a == null || b == null) return (a == null) - (b == null);
      return descending ? compare(b, a) : compare(a, b);
    });
  }

  /** Rows come as they are scrolled to: a project may have tens of thousands. */
  function build() {
    const piece = document.createDocumentFragment();
    for (const row of shown.slice(built, built + ROWS_AT_ONCE)) {
      const line = add(piece, "tr");
      for (const { fill, className, header } of COLUMNS) fill(add(line, header ? "th" : "td", undefined, className), row);
    }
    built = Math.min(shown.length, built + ROWS_AT_ONCE);
    byId("lines").append(piece);
    more.unobserve(byId("more"));
    if (built < shown.length) more.observe(byId("more"));
  }

  const more = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && build(), {
    rootMargin: "600px",
  });

  for (const column of COLUMNS) {
    const head = add(byId("heads"), "th", undefined, column.className === "number" ? "number" : "");
    head.scope = "col";
    if (!column.key) {
      add(head, "span", column.title);
      continue;
    }
    const button = add(head, "button", column.title);
    button.type = "button";
    // Up, down, and back to the worst first.
    button.addEventListener("click", () => {
      const { column: before, descending } = order ?? {};
      if (before !== column) order = { column, descending: false };
      else order = descending ? null : { column, descending: true };
      for (const other of byId("heads").children) other.removeAttribute("aria-sort");
      if (order) head.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
      choose();
    });
  }

  for (const id of ["search", "state", "character", "language"]) byId(id).addEventListener("input", choose);
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  choose();
})();
