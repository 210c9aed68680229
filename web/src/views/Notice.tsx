/** What has just been done, said for a while at the lower edge. */

import { hush, notice } from "../state/notices";
import { Icon } from "./Icon";

export function Notice() {
  return (
    <div class="notice-room" role="status">
      {notice.value && (
        <p class="notice">
          {notice.value}
          <button type="button" class="button quiet" aria-label="Dismiss" onClick={hush}>
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}
