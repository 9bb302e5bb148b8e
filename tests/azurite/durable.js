// Loaded before the emulator: an answer to a write goes out once the write is on the disk, as with the
// service. By itself the emulator saves what it knows every five seconds, and a kill takes it back.
"use strict";

const http = require("http");
const Loki = require(require.resolve("lokijs", { paths: [process.cwd()] }));

const databases = new Set();
for (const name of ["loadDatabase", "addCollection"]) {
  const original = Loki.prototype[name];
  Loki.prototype[name] = function (...given) {
    databases.add(this);
    return original.apply(this, given);
  };
}

const end = http.ServerResponse.prototype.end;
http.ServerResponse.prototype.end = function (...given) {
  const method = this.req ? this.req.method : "GET";
  if (method === "GET" || method === "HEAD" || databases.size === 0) {
    return end.apply(this, given);
  }
  let left = databases.size;
  const saved = () => {
    left -= 1;
    if (left === 0) end.apply(this, given);
  };
  for (const database of databases) database.saveDatabase(saved);
  return this;
};
