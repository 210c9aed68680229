/** The logo: three layers. It is drawn here, because a notebook's cell cannot fetch files. */

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b3d63" />
      <g stroke-linecap="round" stroke-width="3">
        <path d="M6 10h20" stroke="#e69f00" />
        <path d="M6 16h20" stroke="#fff" />
        <path d="M6 22h20" stroke="#56b4e9" />
      </g>
    </svg>
  );
}
