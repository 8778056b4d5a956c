import { createContext, useContext } from "react";
import type { Problem } from "../api/errors";
import type { Catalogue } from "../schema/catalogue";

/** What the fields of one form share. */
export interface Form {
  /** of the element the form is about, for unique ids of inputs */
  readonly id: string;
  readonly readOnly: boolean;
  readonly catalogue: Catalogue;
  /** the server's problems at a path inside the element's settings */
  readonly problemsAt: (path: readonly string[]) => readonly Problem[];
  /** the same with everything deeper inside, for fields that are written as one text */
  readonly problemsUnder: (path: readonly string[]) => readonly Problem[];
  /** a field was left: the next change is a new undo step */
  readonly done: () => void;
  /** the field to open and focus after a jump from the problems list */
  readonly wanted: { readonly path: readonly string[]; readonly count: number } | null;
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new Error("A field stands outside a form.");
  return form;
}
