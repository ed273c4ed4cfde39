// The collection as PocketBase's own admin page makes it, open to everybody.
migrate((app) => {
  app.save(new Collection({
    type: "base",
    name: "things",
    listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "",
    fields: [
      { type: "text", name: "text", required: true },
      { type: "autodate", name: "created", onCreate: true },
      { type: "autodate", name: "updated", onCreate: true, onUpdate: true },
    ],
  }));
  const row = new DynamicModel({ version: "" });
  app.db().newQuery("SELECT sqlite_version() AS version").one(row);
  console.log(`SQLite ${row.version}`);
});
