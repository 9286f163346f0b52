// The map beside its list. The list is the source: numbers, levels and points stand on its rows, and
// all that can be done here by mouse is done there by keyboard. Only outlines and points are fetched.
const L = window.L;
const box = document.getElementById("kaart");
const says = document.getElementById("kaart-zegt");
// From this zoom on points are shown of a town; of a short list always. A page of a list has so many rows.
const CLOSE = 14, SHORT = 500, PAGE = 25;
const LETTER_PX = 7;

function start() {
  if (!box) return;
  const picture = box.querySelector("noscript")?.textContent;
  if (!L) return showPicture(picture);
  const tiles = box.dataset.tegels;
  const map = L.map(box, { zoomControl: false, zoomAnimation: false, fadeAnimation: false, inertia: false, zoomSnap: tiles ? 1 : 0.25, zoomDelta: 1, attributionControl: Boolean(tiles) });
  L.control.zoom({ zoomInTitle: "Inzoomen", zoomOutTitle: "Uitzoomen" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.attributionControl?.setPrefix(false);
  if (tiles) L.tileLayer(tiles, { attribution: box.dataset.bron, maxZoom: 19, referrerPolicy: "no-referrer" }).addTo(map);
  map.setView([52.1, 5.3], 7);
  fetch(box.dataset.grenzen).then((answer) => answer.json()).then((outlines) => draw(map, outlines)).catch(() => {
    map.remove();
    showPicture(picture);
  });
}

// No Leaflet, or no outlines: the picture of the server says the same.
function showPicture(picture) {
  box.replaceChildren(...new DOMParser().parseFromString(picture, "text/html").body.children);
}

function draw(map, outlines) {
  const rows = new Map([...document.querySelectorAll("[data-gebied]")].map((row) => [row.dataset.gebied, row]));
  const look = (feature) => ({ className: `si-map-area si-map--${rows.get(feature.properties.c)?.dataset.trede ?? 0}`, radius: 20 });
  const land = L.featureGroup();
  L.geoJSON(outlines, {
    style: look,
    pointToLayer: (feature, place) => L.circleMarker(place, look(feature)),
    onEachFeature: (feature, layer) => {
      const row = rows.get(feature.properties.c);
      if (!row) return;
      land.addLayer(layer);
      layer.bindTooltip(words(row.dataset.naam));
      layer.on("click", () => row.querySelector("a[href]")?.click());
      join(row, layer);
      row.addEventListener("focusin", () => map.panInside(middle(layer), { padding: [40, 40] }));
    },
  }).addTo(map);
  const points = [...document.querySelectorAll("[data-punt]")].map((row) => followRow(map, row));
  const few = points.length && Number(box.dataset.lijst) <= PAGE;
  const shown = few ? L.latLngBounds(points) : land.getBounds();
  if (shown.isValid()) map.fitBounds(shown, { maxZoom: 16, padding: [Math.min(72, box.clientWidth / 10), 24] });
  for (const layer of land.getLayers()) label(map, layer, rows.get(layer.feature.properties.c).dataset);
  showPoints(map);
}

const middle = (layer) => layer.getCenter ? layer.getCenter() : layer.getLatLng();

function words(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}

const marker = (place, kind, html) => L.marker(place, { icon: L.divIcon({ className: `si-map-number ${kind}`, html, iconSize: [0, 0] }), interactive: false, keyboard: false });

// The number in its area, with the name where that has room.
function label(map, layer, { naam, getal }) {
  const text = words(getal);
  const fit = () => {
    const bounds = layer.getBounds?.();
    const wide = bounds ? map.latLngToLayerPoint(bounds.getNorthEast()).x - map.latLngToLayerPoint(bounds.getSouthWest()).x : map.getSize().x / 4;
    text.textContent = wide > 1.2 * LETTER_PX * (naam.length + 4) ? `${naam} ${getal}` : getal;
  };
  marker(middle(layer), "", text).addTo(map);
  map.on("zoomend", fit);
  fit();
}

// Both ways: on a row its shape is marked, on a shape its row.
function join(row, layer) {
  const mark = (on) => {
    layer.getElement()?.classList.toggle("si-map-shape-on", on);
    row.classList.toggle("si-map-on", on);
  };
  for (const name of ["mouseenter", "focusin"]) row.addEventListener(name, () => mark(true));
  for (const name of ["mouseleave", "focusout"]) row.addEventListener(name, () => mark(false));
  layer.on({ mouseover: () => mark(true), mouseout: () => mark(false) });
}

// The point of a row is marked while one is there, also where it lies under others.
function followRow(map, row) {
  const place = row.dataset.punt.split(",").map(Number);
  const point = L.circleMarker(place, { radius: 9, className: "si-map-point si-map-shape-on", interactive: false });
  for (const name of ["mouseenter", "focusin"]) row.addEventListener(name, () => point.addTo(map));
  for (const name of ["mouseleave", "focusout"]) row.addEventListener(name, () => point.remove());
  row.addEventListener("focusin", () => map.panInside(place, { padding: [40, 40] }));
  return place;
}

// Points of the window, those that lie together as one with its number. An earlier question is dropped.
function showPoints(map) {
  const layer = L.layerGroup().addTo(map);
  const short = Number(box.dataset.lijst ?? SHORT + 1) <= SHORT;
  let asked = null;
  const ask = async () => {
    asked?.abort();
    layer.clearLayers();
    const close = short || map.getZoom() >= CLOSE;
    says.textContent = close ? "" : "Zoom in om meldingen als punten te zien.";
    if (!close) return;
    asked = new AbortController();
    const edge = map.getBounds().toBBoxString().split(",").map((degrees) => Number(degrees).toFixed(3));
    try {
      const answer = await fetch(`${box.dataset.punten}&vak=${edge}&zoom=${Math.round(map.getZoom())}`, { signal: asked.signal });
      const given = await answer.json();
      if (given.veel) says.textContent = "Zoom verder in om punten te zien: hier zijn het er te veel.";
      for (const point of given.punten) layer.addLayer(drawPoint(...point));
    } catch { /* another window was asked for, or there is no connection: the list has all */ }
  };
  map.on("moveend", ask);
  ask();
}

function drawPoint(lat, lon, number, reference) {
  if (number > 1) return marker([lat, lon], "si-map-number--points", words(number));
  const point = L.circleMarker([lat, lon], { radius: 7, className: "si-map-point", bubblingMouseEvents: false });
  const link = document.querySelector(`[data-punt] a[href="/m/${reference}"]`);
  if (link) {
    join(link.closest("[data-punt]"), point);
    return point.on("click", () => link.focus());
  }
  const other = document.createElement("a");
  other.href = `/m/${reference}`;
  other.textContent = reference;
  return point.bindPopup(other, { closeButton: false, autoPan: false });
}

start();
