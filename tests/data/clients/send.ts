// Sends a report as an app does, with a client made from the OpenAPI document; prints the answer.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: [string, string, string, string, string] };
const [, , baseUrl, appKey, key] = process.argv;

const locatie: components["schemas"]["Locatie"] = { lat: 51.8133, lon: 4.669, bron: "gps" };
const melder: components["schemas"]["Melder"] = { email: "iemand@example.org" };
const plegers: components["schemas"]["Plegers"] = { aantal: "3_5", groep: null };
const melding: components["schemas"]["Melding"] = {
  hoedanigheid: "slachtoffer",
  anoniem: false,
  incidentVan: "2026-01-20T22:40:00+01:00",
  locatie,
  typePlek: "station_halte",
  vormen: ["naroepen", "hinderlijk_volgen"],
  omschrijving: "Met TypeScript gestuurd.",
  plegers,
  melder,
  contactGewenst: "mailen",
  deelvoorkeur: { politie: true, ketenpartners: false },
  antwoorden: {},
};

const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${appKey}` } });
const { data, error } = await client.POST("/meldingen", {
  params: { header: { "Idempotency-Key": key } },
  body: melding,
});
console.log(JSON.stringify(data?.kenmerk ?? error));
