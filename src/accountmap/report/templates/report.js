"use strict";
{
  const PAGE_ROWS = 50;
  // The overlap in full length would be a book; the others are to be worked on the screen or in a spreadsheet.
  const PRINTED_ROWS = { overlap: 100, others: 40 };
  const FILTERS = [
    "reason", "segment", "their_segment", "play", "lead", "doubt", "tier", "owner_name", "their_owner_name",
    "country", "territory", "industry", "size", "change", "why", "why_not",
  ];
  const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // So that "Zurich" finds "Zürich".
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  class Column {
    // A column of a view has the label and the values of the column that it shows, at the view's rows.
    constructor({ name, label, below, before = "", order, numeric, hidden, values, words, codes }, shown, at) {
      Object.assign(this, { name, below, before, hidden });
      this.label = label ?? shown.label;
      this.order = order ?? shown?.order;
      this.numeric = numeric ?? shown?.numeric;
      this.values = values ?? codes?.map((code) => (code === null ? null : words[code]))
        ?? at.map((row) => shown.values[row]);
    }

    text(row) {
      const value = this.values[row];
      if (value === null) return "";
      return this.numeric ? NUMBER.format(value) : value;
    }

    // Compares values; blanks come last whichever way the column is sorted.
    compare(a, b, sign) {
      const [x, y] = [this.values[a], this.values[b]];
      if (x === null || y === null) return (x === null) - (y === null) || a - b;
      return sign * this.compareValues(x, y) || a - b;
    }

    compareValues(x, y) {
      if (this.numeric) return x - y;
      return this.order ? this.order.indexOf(x) - this.order.indexOf(y) : COLLATOR.compare(x, y);
    }

    choices() {
      const distinct = [...new Set(this.values)].filter((value) => value !== null);
      return distinct.sort((x, y) => this.compareValues(x, y));
    }
  }

  class AccountTable {
    constructor(section, { rows, noun, columns, at }, shown) {
      this.all = Array.from({ length: rows }, (_, row) => row);
      this.name = section.id;
      this.noun = noun;
      this.held = new Map(columns.map((column) => [column.name, new Column(column, shown?.get(column.name), at)]));
      this.columns = [...this.held.values()].filter(({ hidden }) => !hidden);
      this.body = section.querySelector(".accounts tbody");
      this.status = section.querySelector(".status");
      this.search = section.querySelector("input[type=search]");
      this.form = section.querySelector("form");
      this.previous = section.querySelector(".previous");
      this.next = section.querySelector(".next");
      this.headings = new Map();
      this.filters = new Map();
      this.sorted = null;
      this.addHeadings(section.querySelector(".accounts thead"));
      this.addFilters();
      this.listen();
      this.update();
    }

    addHeadings(head) {
      const row = element("tr");
      for (const column of this.columns.filter(({ below }) => !below)) {
        const button = element("button", { type: "button", textContent: column.label });
        const heading = element("th", { scope: "col", className: column.name }, button);
        button.addEventListener("click", () => this.sortBy(column));
        this.headings.set(column, heading);
        row.append(heading);
      }
      head.append(row);
    }

    addFilters() {
      for (const column of this.columns.filter(({ name }) => FILTERS.includes(name))) {
        const all = element("option", { value: "", textContent: "all" });
        const options = column.choices().map((value) => element("option", { value, textContent: value }));
        const select = element("select", { name: column.name }, all, ...options);
        this.filters.set(column, select);
        this.form.lastElementChild.before(element("label", {}, `${column.label} `, select));
      }
    }

    listen() {
      this.form.addEventListener("input", () => this.update());
      this.form.addEventListener("submit", (event) => event.preventDefault());
      // The fields are empty only after the event.
      this.form.addEventListener("reset", () => setTimeout(() => this.update()));
      this.previous.addEventListener("click", () => this.show(this.first - PAGE_ROWS));
      this.next.addEventListener("click", () => this.show(this.first + PAGE_ROWS));
      addEventListener("beforeprint", () => this.show(0, PRINTED_ROWS[this.name] ?? PRINTED_ROWS.others));
      addEventListener("afterprint", () => this.show(0));
    }

    choose(wanted) {
      this.search.value = "";
      for (const [column, select] of this.filters) select.value = wanted[column.name] ?? "";
      this.update();
    }

    // First the natural way, then the other way round, then the order of the report again.
    sortBy(column) {
      const natural = column.numeric ? -1 : 1;
      if (this.sorted?.column !== column) this.sorted = { column, sign: natural };
      else this.sorted = this.sorted.sign === natural ? { column, sign: -natural } : null;
      for (const [of, heading] of this.headings) {
        if (of !== this.sorted?.column) heading.removeAttribute("aria-sort");
        else heading.setAttribute("aria-sort", this.sorted.sign > 0 ? "ascending" : "descending");
      }
      this.update();
    }

    update() {
      const wanted = [...this.filters].filter(([, select]) => select.value);
      const words = folded(this.search.value).split(/\s+/).filter(Boolean);
      this.found = this.all.filter(
        (row) =>
          wanted.every(([column, select]) => column.values[row] === select.value) &&
          words.every((word) => this.searchable[row].includes(word)),
      );
      if (this.sorted) this.found.sort((a, b) => this.sorted.column.compare(a, b, this.sorted.sign));
      this.show(0);
    }

    // Made when it is first asked for: most pages are opened to read, not to search.
    get searchable() {
      const texts = this.columns.filter(({ numeric }) => !numeric);
      const value = this.all.map((row) => folded(texts.map((column) => column.text(row)).join("\n")));
      Object.defineProperty(this, "searchable", { value });
      return value;
    }

    show(first, count = PAGE_ROWS) {
      const page = this.found.slice(first, first + count);
      this.first = first;
      this.body.replaceChildren(...page.map((row) => this.row(row)));
      this.previous.disabled = first === 0;
      this.next.disabled = first + count >= this.found.length;
      this.status.textContent = this.describe(first, page.length);
    }

    row(row) {
      const made = element("tr");
      for (const [column] of this.headings) {
        const cell = element(column.name === "name" ? "th" : "td", { className: column.name });
        if (column.name === "name") cell.scope = "row";
        cell.append(element("bdi", { textContent: column.text(row) }));
        for (const below of this.columns.filter((other) => other.below === column.name)) {
          if (!below.values[row]) continue;
          cell.append(element("small", {}, below.before, element("bdi", { textContent: below.text(row) })));
        }
        made.append(cell);
      }
      return made;
    }

    describe(first, length) {
      const [found, all] = [this.found.length, this.all.length].map((count) => NUMBER.format(count));
      const noun = this.noun[this.all.length === 1 ? 0 : 1];
      if (all === "0") return `No ${noun}.`;
      if (found === "0") return `None of ${all} ${noun} fits. Show all, or search for less.`;
      const rows = `Rows ${NUMBER.format(first + 1)} to ${NUMBER.format(first + length)}`;
      const fitting = found === all ? "" : `${found} that fit, of `;
      return `${rows} of ${fitting}${all} ${noun}.`;
    }
  }

  const data = JSON.parse(document.getElementById("data").textContent);
  const tables = {};
  for (const [name, table] of Object.entries(data)) {
    tables[name] = new AccountTable(document.getElementById(name), table, tables[table.of]?.held);
  }
  // A button says in its data attributes what the filters of the overlap shall be.
  for (const button of document.querySelectorAll(".cell, .list")) {
    button.addEventListener("click", () => {
      tables.overlap.choose(button.dataset);
      document.getElementById("overlap-title").focus();
    });
  }
}
