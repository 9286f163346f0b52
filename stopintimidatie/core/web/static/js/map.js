// The map beside its list. The list is the source: numbers, levels and points stand on its rows, and
// all that can be done here by mouse is done there by keyboard. Only outlines and points are fetched.
const L = window.L;
const box = document.getElementById("kaart");
const says = document.getElementById("kaart-zegt");
// From here on points are shown of a town; of a short list always.
const CLOSE = 14, SHORT = 500;
const ON = { area: "si-map-area--on", point: "si-map-point--on", row: "si-map-on" };

function start() {
  if (!box) return;
  if (!L) return showPicture();
  const map = L.map(box, { zoomControl: false, zoomAnimation: false, fadeAnimation: false, inertia: false, attributionControl: "tegels" in box.dataset });
  L.control.zoom({ zoomInTitle: "Inzoomen", zoomOutTitle: "Uitzoomen" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (box.dataset.tegels) addTiles(map);
  map.setView([52.1, 5.3], 7);
  const rows = [...document.querySelectorAll("[data-punt]")].map((row) => drawRow(map, row));
  fetch(box.dataset.grenzen).then((answer) => answer.json()).then((outlines) => drawAreas(map, outlines, rows)).catch(showPicture);
}

// No Leaflet, or no outlines: the picture of the server says the same.
function showPicture() {
  const picture = document.createElement("img");
  Object.assign(picture, { className: "si-map-picture", src: box.dataset.plaatje, alt: "Kaart. Alles staat in de lijst." });
  box.replaceWith(picture);
}

function addTiles(map) {
  map.attributionControl.setPrefix(false);
  L.tileLayer(box.dataset.tegels, { attribution: box.dataset.bron, maxZoom: 19, referrerPolicy: "no-referrer" }).addTo(map);
}

function drawAreas(map, outlines, points) {
  const rows = new Map([...document.querySelectorAll("[data-gebied]")].map((row) => [row.dataset.gebied, row]));
  const className = (feature) => `si-map-area si-map-area--${rows.get(feature.properties.c)?.dataset.trede ?? 0}`;
  const land = L.featureGroup();
  const all = L.geoJSON(outlines, {
    style: (feature) => ({ className: className(feature) }),
    pointToLayer: (feature, place) => L.circleMarker(place, { radius: 20, className: className(feature) }),
    onEachFeature: (feature, layer) => {
      const row = rows.get(feature.properties.c);
      if (!row) return;
      land.addLayer(layer);
      layer.bindTooltip(words(row.dataset.naam));
      join(map, row, layer, "area");
    },
  }).addTo(map).bringToBack();
  const shown = points.length ? L.featureGroup(points) : land.getLayers().length ? land : all;
  if (shown.getLayers().length) map.fitBounds(shown.getBounds(), { maxZoom: 16, padding: [16, 16] });
  for (const layer of land.getLayers()) label(map, layer, rows.get(layer.feature.properties.c).dataset.getal);
  showPoints(map);
}

function label(map, layer, number) {
  const place = layer.getCenter ? layer.getCenter() : layer.getLatLng();
  L.marker(place, { icon: L.divIcon({ className: "si-map-number", html: words(number) }), interactive: false, keyboard: false }).addTo(map);
}

function words(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}

function drawRow(map, row) {
  const point = L.circleMarker(row.dataset.punt.split(","), { radius: 8, className: "si-map-point", bubblingMouseEvents: false }).addTo(map);
  return join(map, row, point, "point");
}

// Both ways: on a row its shape is marked, on a shape its row; a click does what the row does.
function join(map, row, layer, kind) {
  const mark = (on) => {
    layer.getElement()?.classList.toggle(ON[kind], on);
    row.classList.toggle(ON.row, on);
  };
  const link = row.querySelector("a[href]");
  for (const name of ["mouseenter", "focusin"]) row.addEventListener(name, () => mark(true));
  for (const name of ["mouseleave", "focusout"]) row.addEventListener(name, () => mark(false));
  row.addEventListener("focusin", () => map.panInside(layer.getCenter ? layer.getCenter() : layer.getLatLng(), { padding: [40, 40], animate: false }));
  layer.on({ mouseover: () => mark(true), mouseout: () => mark(false) });
  layer.on("click", () => {
    if (kind === "area" && link) location.assign(link.href);
    else if (link) link.focus();
    else row.scrollIntoView({ block: "nearest" });
  });
  return layer;
}

// Points of the window, those that lie together as one with its number. An earlier question is dropped.
function showPoints(map) {
  const layer = L.layerGroup().addTo(map);
  const few = Number(box.dataset.lijst ?? SHORT + 1) <= SHORT;
  let asked = null;
  const ask = async () => {
    asked?.abort();
    layer.clearLayers();
    const close = few || map.getZoom() >= CLOSE;
    says.textContent = close ? "" : "Zoom verder in om meldingen als punten te zien.";
    if (!close) return;
    asked = new AbortController();
    const edge = map.getBounds().toBBoxString().split(",").map((degrees) => Number(degrees).toFixed(3));
    try {
      const answer = await fetch(`${box.dataset.punten}&vak=${edge}&zoom=${map.getZoom()}`, { signal: asked.signal });
      const given = await answer.json();
      if (given.veel) says.textContent = "Zoom verder in om punten te zien: hier zijn het er te veel.";
      for (const point of given.punten) drawPoint(layer, ...point);
    } catch { /* another window was asked for, or there is no connection: the list has all */ }
  };
  map.on("moveend", ask);
  ask();
}

function drawPoint(layer, lat, lon, number, reference) {
  if (number > 1) {
    const icon = L.divIcon({ className: "si-map-number si-map-number--points", html: words(number) });
    return layer.addLayer(L.marker([lat, lon], { icon, interactive: false, keyboard: false }));
  }
  if (document.querySelector(`[data-punt] a[href="/m/${reference}"]`)) return layer;
  const link = document.createElement("a");
  link.href = `/m/${reference}`;
  link.textContent = reference;
  return layer.addLayer(L.circleMarker([lat, lon], { radius: 6, className: "si-map-point", bubblingMouseEvents: false }).bindPopup(link, { closeButton: false, autoPan: false }));
}

start();
