
const labels = [...new Set(data.summaries.map(({ label }) => label))];
const ownLabel = labels[0];
const others = labels.slice(1);
const state = { sigma: 0, picture: 0, left: 0, right: 1, zoom: "fit" };

function current() { return data.sigmas[state.sigma]; }

function views() {
  const picture = current().pictures[state.picture];
  const clean = { name: "clean", source: data.clean[state.picture] };
  const estimates = labels.filter((label) => label in picture.estimates)
    .map((label) => ({ name: label, source: picture.estimates[label] }));
  return [
    { name: "noisy", source: picture.noisy }, ...estimates, clean,
    ...estimates.map((estimate) => difference(`${estimate.name} minus clean, 4 times as strong`, estimate, clean, 4)),
  ];
}

function scored({ scores }) {
  return Object.entries(scores).map(([label, { psnr, ssim }]) =>
    `${label}: ${fixed(psnr)} dB, SSIM ${fixed(ssim, 4)}`).join("; ");
}

function showPicture() {
  const picture = current().pictures[state.picture];
  const list = views();
  put("view", slider({
    before: list[state.left], after: list[state.right],
    width: picture.width, height: picture.height, zoom: state.zoom,
  }));
  put("scores", `${picture.name}, sigma ${current().sigma}. ${scored(picture)}`);
}

function pick(index) {
  state.picture = index;
  showControls();
  showPicture();
  document.getElementById("view").scrollIntoView({ block: "center" });
}

function showControls() {
  const { pictures } = current();
  const names = views().map(({ name }) => name);
  const set = (key) => (index) => { state[key] = index; showPicture(); };
  put("controls",
    ...data.sigmas.length > 1 ? [choice("sigma", data.sigmas.map(({ sigma }) => String(sigma)), state.sigma, (index) => {
      state.sigma = index;
      showSigma();
    })] : [],
    choice("picture", pictures.map(({ name }) => name), state.picture, set("picture")),
    choice("left", names, state.left, set("left")),
    choice("right", names, state.right, set("right")),
    toggle("Size", ["fit", "100 %", "300 %"], ["fit", 1, 3].indexOf(state.zoom), (index) => {
      state.zoom = ["fit", 1, 3][index];
      document.querySelector("#view .slider").zoom(state.zoom);
    }));
}

function showSigma() {
  const { pictures, crops } = current();
  showControls();
  showPicture();
  put("thumbs", ...pictures.map((picture, index) => el("li", {},
    el("button", { type: "button", onclick: () => pick(index) },
      el("img", { src: picture.estimates[ownLabel], alt: "", decoding: "async" }),
      `${picture.name} ${fixed(picture.scores[ownLabel].psnr)} dB`))));
  put("crops", ...crops.map(({ rank, name, panels }) => el("section", {},
    el("h3", {}, `${rank}: ${name}`),
    el("div", { class: "grid pairs crops" }, panels.map((panel) => captioned(
      { ...panel, name: `${name}, ${panel.name}` }, panel.name))))));
  put("plots", ...plots());
  put("each", table(`Pictures at sigma ${current().sigma}: PSNR in dB and SSIM`,
    ["picture", ...labels.flatMap((label) => [`${label}, PSNR`, "SSIM"])],
    pictures.map(({ name, scores }) => ({ cells: [name, ...labels.flatMap((label) => [
      fixed(scores[label]?.psnr), fixed(scores[label]?.ssim, 4)])] }))));
}

// ---- plots ---------------------------------------------------------------------------------------

function bySigma() {
  const context = ["BM3D", "DnCNN", "DnINN-LISTA 2-scale", "CBM3D", "CDnCNN"]
    .filter((method) => data.published && method in data.published.psnr);
  const published = context.map((method, index) => ({
    name: `${method}, published`, points: data.published.psnr[method], colour: "var(--faint)",
    line: true, dashed: true, mark: ["circle", "square", "diamond"][index],
  }));
  const measured = labels.map((label, index) => ({
    name: label, colour: COLOURS[index % COLOURS.length], line: true, mark: "circle",
    points: data.summaries.filter((summary) => summary.label === label)
      .map(({ sigma, psnr }) => [sigma, psnr, `${label}, sigma ${sigma}: ${fixed(psnr)} dB`])
      .filter(([, psnr]) => psnr !== null).sort(([a], [b]) => a - b),
  }));
  return plot({
    title: data.published ? `PSNR against sigma, beside the published figures on ${data.published.on}` : "PSNR against sigma",
    x: { name: "sigma, grey levels" }, y: { name: "PSNR, dB" }, series: [...published, ...measured],
  });
}

function perPicture() {
  const { pictures, sigma } = current();
  const both = (x, y) => pictures.map((picture, index) => [x(picture), y(picture), picture.name, index])
    .filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  const psnr = (label) => ({ scores }) => scores[label]?.psnr ?? null;
  if (!others.length) {
    const points = both(psnr(ownLabel), ({ scores }) => scores[ownLabel].ssim);
    return [plot({
      title: `Each picture at sigma ${sigma}; press a point to see it`,
      x: { name: "PSNR, dB" }, y: { name: "SSIM" },
      series: [{ name: ownLabel, points, colour: COLOURS[0], mark: "circle", choose: (index) => pick(points[index][3]) }],
    })];
  }
  return others.map((other, place) => {
    const points = both(psnr(other), psnr(ownLabel));
    return plot({
      title: `Each picture at sigma ${sigma}, same noise: above the dashed line ${ownLabel} is closer to the clean picture. Press a point to see it`,
      x: { name: `${other}, PSNR in dB` }, y: { name: `${ownLabel}, PSNR in dB` }, diagonal: true,
      series: [{ name: other, points, colour: COLOURS[(place + 1) % COLOURS.length], mark: "circle", choose: (index) => pick(points[index][3]) }],
    });
  });
}

function bySize() {
  const { sigma } = current();
  const known = Object.entries(data.published?.parameters ?? {}).flatMap(([method, count]) =>
    data.published.psnr[method].filter(([level]) => level === sigma).map(([, psnr]) => [method, count, psnr]));
  const group = (start, mark, colour) => ({
    name: `${start}, published`, mark, colour,
    points: known.filter(([method]) => method.startsWith(start))
      .map(([method, count, psnr]) => [count, psnr, `${method}: ${psnr} dB`]),
  });
  const own = data.summaries.filter((summary) => summary.own && summary.sigma === sigma && summary.psnr !== null);
  return plot({
    title: `Size and quality at sigma ${sigma}`,
    x: { name: "parameters", log: true }, y: { name: "PSNR, dB" },
    series: [
      group("TNRD", "square", COLOURS[4]), group("DnCNN", "square", COLOURS[3]),
      group("DnINN-ST", "diamond", COLOURS[1]), group("DnINN-LISTA", "circle", COLOURS[2]),
      {
        name: "linn, this run", mark: "circle", colour: COLOURS[0],
        points: own.map(({ label, parameters, psnr }) => [parameters, psnr, `${label}: ${fixed(psnr)} dB`]),
      },
    ],
  });
}

function speed() {
  const rows = data.summaries.filter(({ sigma }) => sigma === current().sigma);
  const most = Math.max(...rows.map((row) => row.speed));
  return el("figure", {},
    el("ul", { class: "bars" }, rows.map((row) => {
      const bar = el("span", { class: row.own ? "own" : "" });
      bar.style.width = `${(100 * row.speed) / most}%`;
      return el("li", {}, `${row.label}: ${row.speed.toPrecision(2)} Mpx/s`, bar);
    })),
    el("figcaption", {}, `Speed at sigma ${current().sigma}, denoising alone`));
}

function plots() {
  const sizes = new Set(data.summaries.map(({ parameters }) => parameters).filter((count) => count !== null));
  return [
    ...data.published || data.sigmas.length > 1 ? [bySigma()] : [],
    ...perPicture(),
    ...data.published || sizes.size > 1 ? [bySize()] : [],
    speed(),
  ];
}

put("title", data.title);
put("lead", data.lead);
put("figures", ...data.tables.map(({ caption, columns, rows }) => table(caption, columns,
  rows.map((cells) => ({ cells, own: cells[0].startsWith("linn ") })))));
showSigma();
