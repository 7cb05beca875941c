import { useEffect } from "react";

/** Sets the page's title while the caller is on screen. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}
