/** Menu of exports of a run. */

import { copyCode, copyLink, EXPORTS, takeAway } from "../state/takeAway";
import { Icon } from "./Icon";
import { Menu, MenuEntry } from "./Menu";

const COPIES = [
  { name: "Copy link", about: "to this experiment, on any machine with lamina", act: copyLink },
  { name: "Copy code", about: "as Python, to the clipboard", act: copyCode },
];

const SAVES = EXPORTS.map(({ kind, name, about }) => ({ name, about, act: () => takeAway(kind) }));

export function TakeAway() {
  const button = (
    <>
      <Icon name="save" /> Take away
    </>
  );
  return (
    <Menu button={button}>
      {(close) =>
        [...COPIES, ...SAVES].map(({ name, about, act }) => (
          <MenuEntry
            key={name}
            name={name}
            about={about}
            onChoose={() => {
              close();
              void act();
            }}
          />
        ))
      }
    </Menu>
  );
}
