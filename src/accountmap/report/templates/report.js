"use strict";
{
  const PAGE_ROWS = 50;
  // The whole overlap would be a book; the other tables are for working on the screen or in a spreadsheet.
  const PRINTED_ROWS = { overlap: 100, others: 40 };
  const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const CENTS = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  // One address and nothing that could add a recipient, a header or a text to the mail.
  const ADDRESS = /^[\p{L}\p{N}._+'-]+@[\p{L}\p{N}.-]+\.[\p{L}]{2,}$/u;

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // So that "Zurich" finds "Zürich".
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  // What the reader chose stays in this browser; without storage, as in a private window, it ends with the page.
  const remembered = (name, standard) => {
    try {
      return JSON.parse(localStorage.getItem(`accountmap:${name}`)) ?? standard;
    } catch {
      return standard;
    }
  };
  const remember = (name, value) => {
    try {
      localStorage.setItem(`accountmap:${name}`, JSON.stringify(value));
    } catch {
      // Nothing is lost but the convenience.
    }
  };

  const data = JSON.parse(document.getElementById("data").textContent);
  const tables = {};

  class Column {
    // A column of a view of the overlap has the label and the values of the overlap's column, at the view's rows.
    constructor({ name, below, before = "", hidden, values, words, codes, ...own }, shown, at) {
      Object.assign(this, { name, below, before, hidden });
      for (const property of ["label", "order", "numeric", "cents", "choose", "mail", "parts", "opens"]) {
        this[property] = own[property] ?? shown?.[property];
      }
      this.values = values ?? codes?.map((code) => (code === null ? null : words[code]))
        ?? at.map((row) => shown.values[row]);
    }

    text(row) {
      const value = this.values[row];
      if (value === null) return "";
      return this.numeric ? (this.cents ? CENTS : NUMBER).format(value) : value;
    }

    // The name of an owner becomes a link, if the e-mail address beside it is nothing but one.
    shown(row, held) {
      const text = this.text(row);
      const address = this.mail ? (held.get(this.mail)?.text(row) ?? "") : "";
      if (ADDRESS.test(address)) {
        const href = `mailto:${encodeURIComponent(address).replace("%40", "@")}`;
        return element("bdi", {}, element("a", { href, title: address, textContent: text }));
      }
      if (text && data[this.opens]) {
        const button = element("button", { type: "button", className: "list", textContent: text });
        button.addEventListener("click", () => open(this.opens, { [this.name]: this.values[row] }));
        return element("bdi", {}, button);
      }
      if (!this.parts) return element("bdi", { textContent: text });
      // No part is broken across lines.
      const parts = text.split(" · ").map((part) => element("span", { className: "part", textContent: part }));
      return element("bdi", {}, ...parts.flatMap((part, at) => (at ? [" · ", part] : [part])));
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
      this.sort = section.querySelector(".sort select");
      this.saved = section.querySelector(".saved select");
      this.previous = section.querySelector(".previous");
      this.next = section.querySelector(".next");
      this.headings = new Map();
      this.filters = new Map();
      this.sorted = null;
      // Values that no filter offers and that another table or a number has asked for.
      this.only = [];
      this.addHeadings(section.querySelector(".accounts thead"));
      this.addFilters();
      this.addSaved();
      this.listen(section);
      this.update();
    }

    addHeadings(head) {
      const row = element("tr");
      this.sort.append(element("option", { value: "", textContent: "as ranked" }));
      for (const column of this.columns.filter(({ below }) => !below)) {
        const button = element("button", { type: "button", textContent: column.label });
        const heading = element("th", { scope: "col", className: column.name }, button);
        button.addEventListener("click", () => this.sortBy(column));
        this.sort.append(element("option", { value: column.name, textContent: column.label }));
        this.headings.set(column, heading);
        row.append(heading);
      }
      head.append(row);
    }

    addFilters() {
      for (const column of this.columns.filter(({ choose }) => choose)) {
        const choices = column.choices();
        if (choices.length < 2 && this.name !== "overlap") continue;
        const all = element("option", { value: "", textContent: "all" });
        const options = choices.map((value) => element("option", { value, textContent: value }));
        const select = element("select", { name: column.name }, all, ...options);
        this.filters.set(column, select);
        this.sort.parentElement.before(element("label", {}, `${column.label} `, select));
      }
    }

    // Saved filters are named after what they say, such as "Owner: Maya Lindqvist, Country: DE".
    addSaved() {
      this.sets = remembered(`filters:${this.name}`, []);
      this.saved.replaceChildren(
        element("option", { value: "", textContent: "choose" }),
        ...this.sets.map(({ label }, number) => element("option", { value: number, textContent: label })),
      );
      this.saved.parentElement.hidden = this.sets.length === 0;
    }

    saveFilters() {
      const chosen = [...this.filters].filter(([, select]) => select.value);
      const words = this.search.value.trim();
      const label = [
        ...chosen.map(([column, select]) => `${column.label}: ${select.value}`),
        ...(words ? [`“${words}”`] : []),
      ].join(", ");
      if (!label) return;
      const wanted = Object.fromEntries(chosen.map(([column, select]) => [column.name, select.value]));
      this.sets = [...this.sets.filter((other) => other.label !== label), { label, words, wanted }];
      remember(`filters:${this.name}`, this.sets);
      this.addSaved();
      this.saved.value = this.sets.length - 1;
    }

    listen(section) {
      this.form.addEventListener("input", ({ target }) => {
        if (target === this.sort) this.sortBy(this.held.get(target.value));
        else if (target === this.saved) this.choose(this.sets[target.value] ?? {});
        else this.update();
      });
      this.form.addEventListener("submit", (event) => event.preventDefault());
      // The fields are empty only after the event.
      this.form.addEventListener("reset", () => {
        this.only = [];
        setTimeout(() => this.sortBy(undefined));
      });
      section.querySelector(".save").addEventListener("click", () => this.saveFilters());
      section.querySelector(".csv").addEventListener("click", () => this.saveRows());
      this.previous.addEventListener("click", () => this.show(this.first - PAGE_ROWS));
      this.next.addEventListener("click", () => this.show(this.first + PAGE_ROWS));
      addEventListener("beforeprint", () => this.show(0, PRINTED_ROWS[this.name] ?? PRINTED_ROWS.others));
      addEventListener("afterprint", () => this.show(0));
    }

    choose({ wanted = {}, words = "" }) {
      this.search.value = words;
      for (const [column, select] of this.filters) {
        select.value = wanted[column.name] ?? "";
        if (select.selectedIndex < 0) select.value = "";
      }
      this.only = Object.entries(wanted)
        .map(([name, value]) => [this.held.get(name), value])
        .filter(([column]) => column && !this.filters.has(column));
      this.update();
    }

    // First the natural way, then the other way round, then the order of the report again.
    sortBy(column) {
      const natural = column?.numeric ? -1 : 1;
      if (!column) this.sorted = null;
      else if (this.sorted?.column !== column) this.sorted = { column, sign: natural };
      else this.sorted = this.sorted.sign === natural ? { column, sign: -natural } : null;
      for (const [of, heading] of this.headings) {
        if (of !== this.sorted?.column) heading.removeAttribute("aria-sort");
        else heading.setAttribute("aria-sort", this.sorted.sign > 0 ? "ascending" : "descending");
      }
      this.sort.value = this.sorted?.column.name ?? "";
      this.update();
    }

    update() {
      const wanted = [...this.filters].filter(([, select]) => select.value);
      const words = folded(this.search.value).split(/\s+/).filter(Boolean);
      this.found = this.all.filter(
        (row) =>
          wanted.every(([column, select]) => column.values[row] === select.value) &&
          this.only.every(([column, value]) => column.values[row] === value) &&
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
      this.previous.parentElement.hidden = this.found.length <= PAGE_ROWS;
      this.status.textContent = this.describe(first, page.length);
    }

    // The cell that names the row: its account, or else its deal or its partner.
    get header() {
      return ["name", "deal_name", "partner_name"].find((name) => this.held.has(name));
    }

    row(row) {
      const made = element("tr");
      for (const [column] of this.headings) {
        const cell = element(column.name === this.header ? "th" : "td", { className: column.name });
        if (column.name === this.header) cell.scope = "row";
        cell.dataset.label = column.label;
        const below = this.columns.filter((other) => other.below === column.name && other.values[row]);
        if (column.values[row] === null && !below.length) cell.classList.add("blank");
        cell.append(column.shown(row, this.held));
        for (const other of below) {
          cell.append(element("small", { className: other.name }, other.before, other.shown(row, this.held)));
        }
        made.append(cell);
      }
      return made;
    }

    describe(first, length) {
      const [found, all] = [this.found.length, this.all.length].map((count) => NUMBER.format(count));
      const noun = this.noun[this.all.length === 1 ? 0 : 1];
      if (all === "0") return `No ${noun}.`;
      if (found === "0") return `None of ${all} ${noun} fits. “Show all” clears search and filters.`;
      const rows = `Rows ${NUMBER.format(first + 1)} to ${NUMBER.format(first + length)}`;
      const fitting = found === all ? "" : `${found} that fit, of `;
      const only = this.only.map(([column, value]) => ` Only ${column.label} ${value}; “Show all” undoes that.`);
      return `${rows} of ${fitting}${all} ${noun}.${only.join("")}`;
    }

    // The rows that fit, with a byte order mark for Excel, and no text that a spreadsheet would run.
    saveRows() {
      const cell = (column, row) => {
        const value = column.values[row] ?? "";
        if (column.numeric) return String(value);
        const risky = /^'*\s*[=+\-@＝＋－＠]/.test(value) && !/^[+-]?\d+([.,]\d+)*$/.test(value);
        return `"${(risky ? "'" : "") + value.replaceAll('"', '""')}"`;
      };
      const columns = [...this.held.values()];
      const lines = [
        columns.map(({ label }) => `"${label}"`),
        ...this.found.map((row) => columns.map((column) => cell(column, row))),
      ];
      const text = `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
      const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      element("a", { href, download: `${this.name}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10_000);
    }
  }

  const open = (name, wanted) => {
    tables[name]?.choose({ wanted });
    document.getElementById(`${name}-title`).focus();
  };

  for (const [name, table] of Object.entries(data)) {
    const section = document.getElementById(name);
    if (section.querySelector(".accounts")) {
      tables[name] = new AccountTable(section, table, tables[table.of]?.held);
    }
  }

  // The data attributes of a button say how to set the filters of a table, by default of the overlap.
  for (const button of document.querySelectorAll(".cell, .list:not(.accounts *)")) {
    const { table = "overlap", ...wanted } = button.dataset;
    button.addEventListener("click", () => open(table, wanted));
  }

  // "My accounts": one owner for all tables, remembered for the next report too.
  const mine = document.querySelector(".mine");
  const owners = [...new Set(Object.values(tables).flatMap(({ held }) => held.get("owner_name")?.choices() ?? []))];
  if (owners.length > 1) {
    const select = mine.querySelector("select");
    select.append(...owners.sort(COLLATOR.compare).map((value) => element("option", { value, textContent: value })));
    const apply = () => {
      for (const table of Object.values(tables)) {
        const filter = table.filters.get(table.held.get("owner_name"));
        if (!filter) continue;
        filter.value = select.value;
        if (filter.selectedIndex < 0) filter.value = "";
        table.update();
      }
    };
    mine.hidden = false;
    select.value = remembered("owner", "");
    if (select.selectedIndex < 0) select.value = "";
    if (select.value) apply();
    select.addEventListener("input", () => {
      remember("owner", select.value);
      apply();
    });
  }

  const print = document.querySelector(".print");
  print.hidden = false;
  print.addEventListener("click", () => {
    document.body.classList.add("summary-only");
    window.print();
  });
  addEventListener("afterprint", () => document.body.classList.remove("summary-only"));
}
