
const [noisy, denoised] = data.pictures;
const removed = difference("removed", noisy, denoised, 2);
const pairs = [[noisy, denoised], [removed, denoised]];
let [pair, zoom] = [0, "fit"];

function show() {
  const [before, after] = pairs[pair];
  put("view", slider({ before, after, width: data.width, height: data.height, zoom }));
}

put("title", data.title);
put("lead", data.lead);
put("note", data.note);
put("controls",
  toggle("What the left side shows", ["noisy", "what was removed"], 0, (index) => { pair = index; show(); }),
  toggle("Size", ["fit", "100 %", "300 %"], 0, (index) => {
    zoom = ["fit", 1, 3][index];
    document.querySelector(".slider").zoom(zoom);
  }));
put("words", ...data.words.map((sentence) => el("p", {}, sentence)));
show();
