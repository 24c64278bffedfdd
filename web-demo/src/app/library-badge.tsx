// Which library runs the tasks, with a link to the same page on the other one.
import {pageLibrary} from './runtime.ts';

export function LibraryBadge() {
  const other = pageLibrary === 'webinfer' ? 'onnxruntime-web' : 'webinfer';
  const href = other === 'webinfer' ? location.pathname : '?library=onnxruntime-web';
  return (
    <div
      class="badge"
      title={globalThis.crossOriginIsolated ? 'threads allowed' : 'no threads: the page is not cross-origin isolated'}
    >
      <span>
        running on <strong>{pageLibrary}</strong>
      </span>
      <a href={href + location.hash}>try {other}</a>
    </div>
  );
}
