
"use strict";
// What every page is made of: elements, the before-after slider, tables and plots. Text only ever gets
// in as text, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const COLOURS = ["--s1", "--s2", "--s3", "--s4", "--s5"].map((name) => `var(${name})`);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return node;
}

function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function put(id, ...children) {
  document.getElementById(id).replaceChildren(...children);
}

function fixed(value, digits = 2, unit = "") {
  return value === null || value === undefined ? "–" : value.toFixed(digits) + unit;
}

function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

// On a narrow screen each row of more than four columns becomes a block whose cells bear their columns' names.
function table(caption, columns, rows) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el("table", columns.length > 4 ? { class: "broad" } : {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, columns.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map(({ own, cells: [first, ...others] }) =>
        el("tr", own ? { class: "own" } : {}, el("th", { scope: "row" }, first),
          others.map((cell, index) => el("td", { "data-column": columns[index + 1] }, cell)))))));
}

function choice(label, names, chosen, change) {
  const list = el("select", { "aria-label": label, onchange: () => change(list.selectedIndex) },
    names.map((name, index) => el("option", { selected: index === chosen ? "" : false }, name)));
  return el("label", {}, label, list);
}

// Buttons of which one is pressed.
function toggle(label, names, chosen, change) {
  const buttons = names.map((name, index) => el("button", {
    type: "button", "aria-pressed": String(index === chosen),
    onclick: () => {
      buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(other === index)));
      change(index);
    },
  }, name));
  return el("div", { class: "group", role: "group", "aria-label": label }, buttons);
}

// ---- pictures: {name, source}, or {name, canvas()} -------------------------------------------------

// Shows `before` on the left of a rule that can be moved, and `after` on its right.
function slider({ before, after, width, height, zoom = "fit" }) {
  const input = el("input", {
    type: "range", min: 0, max: 100, step: 0.5, value: 50,
    "aria-label": `Share of the picture that shows ${before.name}; the rest shows ${after.name}`,
    oninput: () => stage.style.setProperty("--at", `${input.value}%`),
  });
  const stage = el("div", { class: "stage" },
    shown(after, "under"), shown(before, "top"), el("div", { class: "rule" }), input);
  const frame = el("div", { class: "frame" }, stage);
  const sides = el("div", { class: "sides" },
    el("span", {}, `← ${before.name}`), el("span", {}, `${after.name} →`));
  const figure = el("figure", { class: "slider" }, frame, sides);
  figure.zoom = (wanted) => {
    const factor = wanted === "fit" ? 0 : wanted;
    const fit = `min(100%, 80vh * ${width / height})`;
    stage.style.width = factor ? `${(width * factor) / devicePixelRatio}px` : fit;
    sides.style.maxWidth = factor ? "100%" : fit;
    stage.style.aspectRatio = `${width} / ${height}`;
    stage.classList.toggle("large", factor > 1);
  };
  figure.zoom(zoom);
  return figure;
}

function shown(picture, kind) {
  if (picture.canvas) {
    const copy = el("canvas", { class: kind, role: "img", "aria-label": picture.name });
    picture.canvas().then((canvas) => {
      copy.width = canvas.width;
      copy.height = canvas.height;
      copy.getContext("2d").drawImage(canvas, 0, 0);
    });
    return copy;
  }
  return el("img", { class: kind, alt: picture.name, src: picture.source, draggable: "false" });
}

function captioned(picture, caption = picture.name) {
  return el("figure", {}, shown(picture, ""), el("figcaption", {}, caption));
}

async function pixels(picture) {
  const image = new Image();
  image.src = picture.source;
  await image.decode();
  const canvas = el("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return { canvas, context, image: context.getImageData(0, 0, canvas.width, canvas.height) };
}

// a - b as a picture: mid grey where they are equal.
function difference(name, a, b, gain) {
  return { name, canvas: () => Promise.all([pixels(a), pixels(b)]).then(([one, other]) => {
    const values = one.image.data;
    for (let i = 0; i < values.length; i += 4) {
      for (let k = i; k < i + 3; k += 1) values[k] = 128 + gain * (values[k] - other.image.data[k]);
    }
    one.context.putImageData(one.image, 0, 0);
    return one.canvas;
  }) };
}

// ---- plots ---------------------------------------------------------------------------------------

function scale(values, from, to, log) {
  const map = log ? Math.log10 : (value) => value;
  let [low, high] = [Math.min(...values.map(map)), Math.max(...values.map(map))];
  const margin = (high - low || 1) * 0.06;
  [low, high] = [low - margin, high + margin];
  const at = (value) => from + ((map(value) - low) / (high - low)) * (to - from);
  return { at, ticks: log ? decades(low, high) : steps(low, high) };
}

function steps(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

function decades(low, high) {
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const factor of high - low > 2 ? [1] : [1, 2, 5]) {
      const value = factor * 10 ** power;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push(value);
    }
  }
  return ticks;
}

function spelled(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${value / 1e6}M`;
  if (size >= 1e3) return `${value / 1e3}k`;
  return size && size < 1e-3 ? value.toExponential(0) : String(value);
}

const MARKS = {
  circle: (x, y) => svg("circle", { cx: x, cy: y, r: 4 }),
  square: (x, y) => svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8 }),
  diamond: (x, y) => svg("path", { d: `M${x},${y - 6}l6,6l-6,6l-6,-6z` }),
};

// series: {name, points: [[x, y, label]], colour, line, dashed, mark, choose(index)}
function plot({ title, x, y, series, diagonal }) {
  const [width, height, left, right, top, bottom] = [480, 300, 62, 12, 10, 42];
  const drawn = series.filter(({ points }) => points.length);
  const all = drawn.flatMap(({ points }) => points);
  const values = [0, 1].map((axis) => all.map((point) => point[axis]));
  const [wide, high] = diagonal ? [values.flat(), values.flat()] : values;
  const across = scale(wide, left, width - right, x.log);
  const up = scale(high, height - bottom, top, y.log);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  for (const tick of across.ticks) {
    const place = across.at(tick);
    chart.append(svg("path", { class: "axis", d: `M${place},${top}V${height - bottom}` }),
      svg("text", { x: place, y: height - bottom + 17, "text-anchor": "middle" }, spelled(tick)));
  }
  for (const tick of up.ticks) {
    const place = up.at(tick);
    chart.append(svg("path", { class: "axis", d: `M${left},${place}H${width - right}` }),
      svg("text", { x: left - 7, y: place + 4, "text-anchor": "end" }, spelled(tick)));
  }
  chart.append(
    svg("text", { x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, x.name),
    svg("text", { transform: `translate(12 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, y.name));
  if (diagonal) {
    const ends = [Math.min(...wide), Math.max(...wide)];
    chart.append(svg("path", {
      class: "line dashed", stroke: "var(--faint)",
      d: `M${ends.map((value) => `${across.at(value)},${up.at(value)}`).join("L")}`,
    }));
  }
  for (const { points, colour, line, dashed, mark, choose } of drawn) {
    const places = points.map(([value, level, label]) => [across.at(value), up.at(level), label]);
    if (line) {
      chart.append(svg("path", {
        class: dashed ? "line dashed" : "line", stroke: colour,
        d: `M${places.map((place) => place.slice(0, 2).join(",")).join("L")}`,
      }));
    }
    if (mark) {
      places.forEach(([at, level, label], index) => {
        chart.append(fill(MARKS[mark](at, level), {
          fill: colour, class: choose ? "dot choice" : "dot",
          onclick: () => choose && choose(index),
        }, label ? [svg("title", {}, label)] : []));
      });
    }
  }
  const legend = drawn.length > 1
    ? el("ul", { class: "legend" }, drawn.map((entry) => el("li", {}, sample(entry), entry.name))) : null;
  return el("figure", {}, chart, legend, el("figcaption", {}, title));
}

function sample({ colour, line, dashed, mark }) {
  return svg("svg", { viewBox: "0 0 22 11", "aria-hidden": "true" },
    line ? svg("path", { class: dashed ? "line dashed" : "line", stroke: colour, d: "M0,6H22" }) : null,
    mark ? fill(MARKS[mark](11, 6), { fill: colour }, []) : null);
}
