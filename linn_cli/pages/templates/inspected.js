
function pictureOf({ pictures, channels }) {
  const stages = Object.keys(pictures);
  let [channel, left] = [1, 0];
  const holder = el("div");
  const show = () => holder.replaceChildren(slider({
    before: { ...pictures[stages[left]][channel], name: `${stages[left]}, ${channels[channel].name}` },
    after: { ...pictures[stages[left + 1]][channel], name: `${stages[left + 1]}, ${channels[channel].name}` },
    width: data.width, height: data.height,
  }));
  show();
  return [
    el("div", { class: "bar" },
      choice("channel", channels.map(({ name }) => name), channel, (index) => { channel = index; show(); }),
      toggle("Stages compared", stages.slice(1).map((stage, index) => `${stages[index]} → ${stage}`), 0,
        (index) => { left = index; show(); })),
    holder,
  ];
}

function gallery({ pictures, channels }) {
  return Object.entries(pictures).map(([stage, list]) => [
    el("h3", {}, stage),
    el("div", { class: "grid pairs" }, list.map((picture, index) => captioned(
      { ...picture, name: `${stage}: ${picture.name}` },
      `${picture.name}, rms ${fixed(channels[index].rms[stage])} σ`))),
  ]);
}

function section(scale, number) {
  const stages = Object.keys(scale.pictures);
  const atoms = scale.zeros.length !== scale.channels.length - 1;
  const counts = scale.steps.map((_, index) => index + 1);
  const line = (name, key, colour, mark) => ({
    name, colour, mark, line: true, points: scale.steps.map((step, index) => [counts[index], step[key]]),
  });
  return el("section", {},
    el("h2", {}, `Scale ${number + 1}`),
    el("p", {}, "Coarse is the local mean; across, down and diagonal hold the differences to the right, below and crosswise. Detail is shown from −4 to 4 σ: mid grey is 0."),
    ...pictureOf(scale),
    ...gallery(scale),
    el("h3", {}, "How sparse"),
    el("p", {}, `The shrinkage sets ${scale.sparsity} of the ${atoms ? "atoms' coefficients" : "detail coefficients"} to 0 (${scale.zeros.join(", ")}).`),
    el("div", { class: "wide" },
      plot({
        title: "Detail coefficients: share in each bin. Shrinkage leaves a spike at 0.",
        x: { name: "coefficient, σ" }, y: { name: "share", log: true },
        series: stages.map((stage, index) => ({
          name: stage, colour: COLOURS[index], line: true, dashed: index === 0,
          points: data.bins.map((bin, place) => [bin, scale.histograms[stage][place]]).filter(([, share]) => share > 0),
        })),
      }),
      plot({
        title: "What each lifting step moves: P's answer is taken from the detail, U's is added to the coarse channel.",
        x: { name: "step" }, y: { name: "root mean square, σ" },
        series: [
          line("predicted by P", "predicted", COLOURS[0], "circle"),
          line("updated by U", "updated", COLOURS[1], "square"),
          line("detail that remains", "detail", COLOURS[2], "diamond"),
        ],
      })),
    table("Lifting steps, root mean squares in σ; filter energy is the sum of the filters' squares",
      ["step", "P's answer", "U's answer", "detail after", "coarse after", "filter energy P", "filter energy U"],
      scale.steps.map((step, index) => ({ cells: [
        String(index + 1), fixed(step.predicted, 3), fixed(step.updated, 3), fixed(step.detail, 3),
        fixed(step.coarse, 3), fixed(step.predict_energy, 0), fixed(step.update_energy, 0),
      ] }))),
    table("Channels, root mean squares in σ", ["channel", ...stages, "zeros"],
      scale.channels.map(({ name, rms }, index) => ({ cells: [
        name, ...stages.map((stage) => fixed(rms[stage], 3)),
        index && !atoms ? scale.zeros[index - 1] : "–",
      ] }))));
}

let [left, zoom] = [data.plain, "fit"];
function show() {
  put("view", slider({ before: left, after: data.denoised, width: data.width, height: data.height, zoom }));
}
put("title", data.title);
put("lead", data.lead);
put("controls",
  toggle("What the left side shows", [data.plain.name, data.noisy.name], 0, (index) => {
    left = [data.plain, data.noisy][index];
    show();
  }),
  toggle("Size", ["fit", "100 %", "300 %"], 0, (index) => {
    zoom = ["fit", 1, 3][index];
    document.querySelector("#view .slider").zoom(zoom);
  }));
show();
put("facts", facts(data.facts));
put("scales", ...data.scales.map(section));
put("trip", `Without the shrinkage the same steps give the picture back. The largest error anywhere is ${data.largest.toExponential(1)} ${data.unit}: float32's rounding. The map shows where; white is the largest.`);
put("error", captioned(data.error, `round-trip error, 0 to ${data.largest.toExponential(1)} ${data.unit}`));
