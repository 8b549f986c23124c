"use strict";
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const fine = matchMedia("(pointer: fine)");
  const hidden = new Set();
  const panels = [];
  let steps = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function themed(layout) {
    const ink = colour("--ink"), quiet = colour("--quiet"), grid = colour("--grid");
    const result = structuredClone(layout);
    result.paper_bgcolor = result.plot_bgcolor = "rgba(0,0,0,0)";
    result.font = { color: quiet, size: 12, family: getComputedStyle(document.body).fontFamily };
    result.margin = { l: 8, r: 8, t: 12, b: 8, ...result.margin };
    result.showlegend = false;
    result.dragmode = fine.matches ? "zoom" : false;
    result.hoverlabel = { bgcolor: colour("--page"), bordercolor: quiet, font: { color: ink } };
    for (const key of Object.keys(result)) {
      if (!/^[xy]axis\d*$/.test(key)) continue;
      const style = { gridcolor: grid, zeroline: false, linecolor: quiet, automargin: true, fixedrange: key[0] === "y" };
      result[key] = { ...style, ...result[key] };
    }
    const meta = result.meta || {};
    if (meta.steps && steps) result.xaxis.range = steps;
    if (meta.dark && dark.matches) result.coloraxis.colorscale = meta.dark;
    for (const note of result.annotations || []) note.font = { color: ink, size: 12 };
    return result;
  }

  function coloured(traces) {
    return structuredClone(traces).map((trace) => {
      const meta = trace.meta || {};
      if (dark.matches && meta.dark) (trace.line || trace.marker).color = meta.dark;
      trace.visible = !hidden.has(meta.run);
      return trace;
    });
  }

  const MARKS = {
    circle: "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0", square: "M-3-3h6v6h-6z", diamond: "M0-4.5l4.5 4.5l-4.5 4.5l-4.5-4.5z",
    "triangle-up": "M0-4.5l4.5 8h-9z", "triangle-down": "M0 4.5l4.5-8h-9z", cross: "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    x: "M-4-2l2-2l2 2l2-2l2 2l-2 2l2 2l-2 2l-2-2l-2 2l-2-2l2-2z", star: "M0-5l1.5 3.4l3.7.3l-2.8 2.4l.9 3.6l-3.3-2l-3.3 2l.9-3.6l-2.8-2.4l3.7-.3z",
  };
  const DASHES = { solid: "", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3", longdash: "11 4" };

  function swatch(trace) {
    const draw = (name, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return node;
    };
    const svg = draw("svg", { width: 30, height: 12, "aria-hidden": "true" });
    const tint = (trace.line || trace.marker).color;
    if (trace.mode.includes("lines"))
      svg.append(draw("line", { x1: 0, x2: 30, y1: 6, y2: 6, stroke: tint, "stroke-width": 2, "stroke-dasharray": DASHES[trace.line.dash] || "" }));
    if (trace.mode.includes("markers"))
      svg.append(draw("path", { d: MARKS[trace.marker.symbol] || MARKS.circle, fill: tint, transform: "translate(15 6)" }));
    return svg;
  }

  function decoded(text) {
    return new DOMParser().parseFromString(text, "text/html").documentElement.textContent;
  }

  function legend(panel, traces) {
    const shown = traces.filter((trace) => trace.mode && trace.visible && trace.showlegend !== false && !(trace.meta || {}).quiet);
    const named = shown.filter((trace, index) => shown.findIndex((other) => other.name === trace.name) === index);
    panel.legend.replaceChildren(...named.map((trace) => {
      const item = document.createElement("li");
      item.append(swatch(trace), decoded(trace.name));
      return item;
    }));
  }

  function draw(panel) {
    const view = panel.views[panel.chosen];
    const traces = coloured(view.traces);
    panel.plot.style.height = view.layout.height + "px";
    panel.figure.hidden = panel.run !== null && hidden.has(panel.run);
    legend(panel, traces);
    return Plotly.react(panel.plot, traces, themed(view.layout), { responsive: true, displayModeBar: false, scrollZoom: false });
  }

  for (const section of document.querySelectorAll("section")) {
    const script = section.querySelector("script[type='application/json']");
    if (!script) continue;
    const content = JSON.parse(script.textContent);
    const mine = content.panels.map((panel, index) => {
      const figure = section.querySelectorAll("figure")[index];
      const views = panel.views.map((view) => ({ traces: view.traces.map((place) => content.traces[place]), layout: view.layout }));
      return { figure, views, run: panel.run, chosen: 0, plot: figure.querySelector(".plot"), legend: figure.querySelector(".legend") };
    });
    panels.push(...mine);
    const select = section.querySelector("select");
    if (select) select.addEventListener("change", () => {
      for (const panel of mine) { panel.chosen = Math.min(Number(select.value), panel.views.length - 1); draw(panel); }
    });
  }

  const redraw = () => Promise.all(panels.map(draw));
  dark.addEventListener("change", redraw);
  for (const box of document.querySelectorAll("input[data-run]"))
    box.addEventListener("change", () => {
      box.checked ? hidden.delete(Number(box.dataset.run)) : hidden.add(Number(box.dataset.run));
      redraw();
    });
  const form = document.querySelector("form.controls");
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const from = form.elements.from, to = form.elements.to;
      const ends = [Number(from.value || from.min), Number(to.value || to.max)];
      steps = ends[0] < ends[1] ? ends : null;
      redraw();
    });
    form.addEventListener("reset", () => { steps = null; setTimeout(redraw); });
  }
  redraw().then(() => document.documentElement.setAttribute("data-drawn", String(panels.length)));
})();
