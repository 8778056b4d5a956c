import { Play } from "lucide-react";
import type { Template } from "../api/designs";
import { Thumbnail } from "./Thumbnail";

export interface TemplateCardProps {
  template: Template;
  isBusy: boolean;
  onOpen: (run: boolean) => void;
}

/** A finished example: picture, one sentence, what one will see; one click opens it, another runs it at once. */
export function TemplateCard({ template, isBusy, onOpen }: TemplateCardProps) {
  const titleId = `template-${template.name}`;
  return (
    <article className="template-card" aria-labelledby={titleId}>
      <button
        type="button"
        className="template-picture"
        disabled={isBusy}
        onClick={() => onOpen(false)}
        tabIndex={-1}
        aria-hidden="true"
      >
        <Thumbnail drawn={template.document} />
      </button>
      <div className="template-words">
        <h3 id={titleId}>{template.title}</h3>
        <p>{template.summary}</p>
        <p className="template-see">
          <span>You will see:</span> {template.see}
        </p>
      </div>
      <div className="template-actions">
        <button
          type="button"
          className="button soft"
          disabled={isBusy}
          onClick={() => onOpen(true)}
          aria-describedby={titleId}
        >
          <Play size={14} aria-hidden="true" /> Run it
        </button>
        <button
          type="button"
          className="button"
          disabled={isBusy}
          onClick={() => onOpen(false)}
          aria-describedby={titleId}
        >
          Open
        </button>
      </div>
    </article>
  );
}
