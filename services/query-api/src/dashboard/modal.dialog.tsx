import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface ModalProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog over the page: focus stays inside, Escape and a click beside it close it, and focus goes back to where it was. */
export function ModalDialog({ title, wide = false, onClose, children }: ModalProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    // A browser gives focus back only where the dialog was closed before it was taken off the page: not so on Back.
    return () => {
      isGone.current = true;
      shown?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const close = (): void => { dialog.current?.close(); };
  return (
    <dialog
      ref={dialog} class={wide ? 'explain wide' : 'explain'} aria-labelledby={id}
      onClose={() => { if (!isGone.current) onClose(); }} onClick={(event) => { if (event.target === dialog.current) close(); }}
    >
      <div class="explain-body">
        <header class="explain-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="button" onClick={close}>Close</button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
