/** Menu that saves a view as a picture. */

import type { Picture } from "../drawing/picture";
import { notify } from "../state/notices";
import { onDark } from "../state/preferences";
import { TickField } from "./fields";
import { Icon } from "./Icon";
import { Menu, MenuEntry } from "./Menu";
import { copies, takePicture, type Way } from "./takePicture";

const WAYS: readonly { way: Way; name: string; about: string }[] = [
  { way: "png", name: "PNG", about: "for slides and pages" },
  { way: "svg", name: "SVG", about: "for print, and to be changed" },
  { way: "copy", name: "Copy", about: "as PNG, to the clipboard" },
];

export function PictureMenu({ title, picture }: { title: string; picture: () => Picture | null }) {
  return (
    <Menu name={`Save a picture: ${title}`} look="quiet" button={<Icon name="picture" />}>
      {(close) => (
        <>
          {WAYS.filter(({ way }) => way !== "copy" || copies).map(({ way, name, about }) => (
            <MenuEntry
              key={way}
              name={name}
              about={about}
              onChoose={() => {
                close();
                const shown = picture();
                if (shown) void takePicture(shown, way);
                else notify("There is nothing to be seen yet.");
              }}
            />
          ))}
          <li>
            <TickField
              label="On a dark ground"
              value={onDark.value}
              onSet={(dark) => {
                onDark.value = dark;
              }}
            />
          </li>
        </>
      )}
    </Menu>
  );
}
