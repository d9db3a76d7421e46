"use strict";
(() => {
  const root = document.documentElement;
  const modes = ["auto", "light", "dark"];
  const button = document.getElementById("theme");
  let mode = 0;
  button.hidden = false;
  button.addEventListener("click", () => {
    mode = (mode + 1) % modes.length;
    if (mode) root.dataset.theme = modes[mode];
    else delete root.dataset.theme;
    button.lastElementChild.textContent = modes[mode];
  });

  const value = (row, place) => {
    const cell = row.cells[place];
    if (cell.dataset.v === undefined) return cell.textContent.trim().toLowerCase();
    return cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };
  const compared = (left, right) => {
    if (typeof left === "number" && typeof right === "number") return left - right;
    return String(left).localeCompare(String(right));
  };

  document.querySelectorAll("table.sortable").forEach((table) => {
    const body = table.tBodies[0];
    const texts = new Map([...body.rows].map((row) => [row, row.textContent.toLowerCase()]));
    const most = Number(table.dataset.most);
    const input = document.querySelector(`input[data-search="${table.id}"]`);
    const count = document.getElementById(`${table.id}-count`);
    const all = document.querySelector(`button[data-show="${table.id}"]`);
    let opened = texts.size <= most;
    const show = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const row of body.rows) {
        row.hidden = !words.every((word) => texts.get(row).includes(word));
        row.classList.toggle("more", !row.hidden && found >= most);
        found += row.hidden ? 0 : 1;
      }
      const folded = !opened && !words.length;
      table.classList.toggle("folded", folded);
      all.hidden = !folded;
      count.textContent = `${folded ? most : found} of ${texts.size} rows`;
    };
    input.addEventListener("input", show);
    all.addEventListener("click", () => {
      opened = true;
      show();
    });

    const heads = [...table.tHead.rows[0].cells].filter((head) => head.dataset.sort);
    const sort = (head) => {
      const rising = head.getAttribute("aria-sort") === "descending";
      const place = head.cellIndex;
      heads.forEach((each) => each.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const rows = [...body.rows].map((row) => [value(row, place), row]);
      rows.sort(([left], [right]) => {
        if (left === null || right === null) return (left === null) - (right === null);
        return rising ? compared(left, right) : compared(right, left);
      });
      body.append(...rows.map(([, row]) => row));
      show();
    };
    heads.forEach((head) => {
      head.firstElementChild.addEventListener("click", () => sort(head));
    });
    show();
  });

  document.querySelectorAll("button[data-copy]").forEach((each) => {
    const code = document.getElementById(each.dataset.copy);
    each.hidden = false;
    each.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        each.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        each.textContent = "Selected: press Ctrl+C";
      }
    });
  });

  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
  });
})();
