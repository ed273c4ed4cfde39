/** The page of a resource: connects all parts. */

import { about, byId } from "./dom.js";
import { follow } from "./feed.js";
import * as importer from "./importer.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as panel from "./panel.js";
import * as selection from "./selection.js";
import { remove } from "./trash.js";
import * as view from "./view.js";

list.init({ remove, showVersions: panel.showVersions });
view.init(() => {
	selection.link();
	list.load();
});
selection.init();
selection.link();
keys.init();
importer.init();
byId("trash").onclick = panel.showTrash;
byId("request").onclick = panel.showRequest;
byId("panel-close").onclick = () => byId("panel").close();
document.body.classList.toggle("no-undo", !about.keeps);
byId("page").hidden = false;
follow();
