/** The menu of what a run leaves as. */

import { EXPORTS, takeAway } from "../state/takeAway";
import { Icon } from "./Icon";
import { Menu, MenuEntry } from "./Menu";

export function TakeAway() {
  const button = (
    <>
      <Icon name="save" /> Take away
    </>
  );
  return (
    <Menu button={button}>
      {(close) =>
        EXPORTS.map(({ kind, name, about }) => (
          <MenuEntry
            key={kind}
            name={name}
            about={about}
            onChoose={() => {
              close();
              void takeAway(kind);
            }}
          />
        ))
      }
    </Menu>
  );
}
