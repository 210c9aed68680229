/** What the panels show: a view more is a line more here. */

import { allSettings } from "./AllSettings";
import { losses } from "./CurvesView";
import { dataPanel } from "./DataPanel";
import { network } from "./NetworkView";
import { notes } from "./NotesPanel";
import { region } from "./RegionView";
import type { TabbedPanel } from "./TabbedPanel";

export const PANELS: readonly Parameters<typeof TabbedPanel>[0][] = [
  { area: "side", look: "data", views: [dataPanel, allSettings] },
  { area: "centre", look: "network", views: [network] },
  { area: "plane", look: "region", views: [region] },
  { area: "below", look: "curves", views: [losses] },
  { area: "notes", look: "notes", views: [notes] },
];
