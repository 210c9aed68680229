/** The views of each panel; a new view is a new line here. */

import { allSettings } from "./AllSettings";
import { compare } from "./CompareView";
import { confusion } from "./ConfusionView";
import { losses } from "./CurvesView";
import { dataPanel } from "./DataPanel";
import { distributions } from "./DistributionsView";
import { features } from "./FeaturesView";
import { lossLandscape } from "./LandscapeView";
import { LessonInShort } from "./LessonInShort";
import { lessonsPanel } from "./LessonsPanel";
import { network } from "./NetworkView";
import { notes } from "./NotesPanel";
import { region } from "./RegionView";
import { residuals } from "./ResidualsView";
import { stepView } from "./StepView";
import type { TabbedPanel } from "./TabbedPanel";

export const PANELS: readonly Parameters<typeof TabbedPanel>[0][] = [
  {
    area: "side",
    look: "data",
    views: [dataPanel, lessonsPanel, allSettings],
    Above: LessonInShort,
  },
  { area: "centre", look: "network", views: [network, stepView] },
  { area: "plane", look: "region", views: [region, residuals, features, lossLandscape] },
  { area: "below", look: "curves", views: [losses, distributions, compare] },
  { area: "notes", look: "notes", views: [notes, confusion] },
];
