
const [a, b, clean] = data.pictures;
const list = [
  a, b, ...clean ? [
    clean, difference(`${a.name} minus clean, 4 times as strong`, a, clean, 4),
    difference(`${b.name} minus clean, 4 times as strong`, b, clean, 4),
  ] : [],
  difference(`${a.name} minus ${b.name}, 4 times as strong`, a, b, 4),
];
const names = list.map(({ name }) => name);
let [left, right, zoom] = [0, 1, "fit"];

function show() {
  put("view", slider({ before: list[left], after: list[right], width: data.width, height: data.height, zoom }));
}

put("title", data.title);
put("lead", data.lead);
put("figures", table(data.table.caption, data.table.columns, data.table.rows.map((cells) => ({ cells }))));
put("controls",
  choice("left", names, left, (index) => { left = index; show(); }),
  choice("right", names, right, (index) => { right = index; show(); }),
  toggle("Size", ["fit", "100 %", "300 %"], 0, (index) => {
    zoom = ["fit", 1, 3][index];
    document.querySelector("#view .slider").zoom(zoom);
  }));
put("note", data.note);
put("words", data.words);
put("map", slider({ before: data.map, after: clean ?? a, width: data.width, height: data.height }));
show();
