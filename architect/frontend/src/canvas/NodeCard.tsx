import { Handle, type NodeProps, Position } from "@xyflow/react";
import { CircleAlert, TriangleAlert } from "lucide-react";
import { memo, useEffect, useMemo, useRef } from "react";
import { nodeName } from "../document/types";
import { useCatalogue } from "../editor/EditorContext";
import { activeFault } from "../run/activeFaults";
import { useSession } from "../run/session";
import type { FaultInfo } from "../schema/types";
import { breakable } from "./breakable";
import { useDetail } from "./detail";
import { factRows, widthOf } from "./factRows";
import { nodeFacts, sortOf } from "./facts";
import type { CardNode } from "./flowElements";
import { KindIcon } from "./kindIcons";
import { bindCard, liveRows, SPARK } from "./liveCard";

function Card({ id, data }: NodeProps<CardNode>) {
  const catalogue = useCatalogue();
  const detail = useDetail();
  const root = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLSpanElement>(null);
  const spark = useRef<SVGPathElement>(null);
  const fault = useRef<HTMLSpanElement>(null);
  const values = useRef<(HTMLElement | null)[]>([]);
  const { node, kind, category } = data;
  const { receives } = data;
  const rows = useMemo(
    () => liveRows(kind?.badges, catalogue.bundle.metrics, receives),
    [kind, catalogue, receives],
  );
  const facts = useMemo(() => factRows(nodeFacts(node, kind)), [node, kind]);
  const sort = sortOf(node, kind);

  useEffect(() => {
    if (!root.current) return undefined;
    const parts = {
      root: root.current,
      values: values.current.filter((value) => value !== null),
      bar: bar.current,
      spark: spark.current,
      fault: fault.current,
    };
    const faultAt = (t: number) => {
      const found = activeFault(useSession.getState().snapshot?.faults, id, t);
      return found ? faultTitle(String(found["kind"]), catalogue.faultsOf(node.kind)) : "";
    };
    return bindCard(id, rows, parts, detail === "far" || detail === "tiny", faultAt);
  }, [id, node.kind, rows, detail, catalogue]);

  // a handle of a pixel cannot be taken hold of, and each listens to whatever moves on the canvas
  const hasHandles = detail !== "tiny";
  const state = data.errors > 0 ? " has-errors" : data.warnings > 0 ? " has-warnings" : "";
  return (
    <div className={`card category-${category}${state}`} ref={root}>
      {data.receives && hasHandles && <Handle type="target" position={Position.Left} />}
      <div className={`card-head${widthOf(nodeName(node), 13) * BOLDNESS > NAME_ROOM ? " is-long" : ""}`}>
        <span className="card-icon">
          <KindIcon kind={node.kind} category={category} size={18} />
        </span>
        <span className="card-names">
          <strong className="card-label">{breakable(nodeName(node))}</strong>
          <span className={`card-kind${sort === "FIFO" ? " is-fifo" : ""}`}>
            <span className="card-kind-name">{kindName(kind?.title ?? node.kind, sort)}</span>
            {sort && <span className={`card-sort${sort === "FIFO" ? " is-fifo" : ""}`}>{sort}</span>}
          </span>
        </span>
        <Badge errors={data.errors} warnings={data.warnings} />
      </div>
      <svg
        className="card-spark"
        viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path ref={spark} />
      </svg>
      <dl className="card-facts">
        {facts.map(({ fact, row }) => (
          <div
            key={fact.name}
            className={`${fact.isDefault ? "is-default" : ""}${row.size < 11 ? " is-small" : ""}${row.lines > 1 ? " is-tall" : ""}`}
            title={row.figure === fact.text ? undefined : `${fact.name}: ${fact.text}`}
          >
            <dt>
              {row.name}
              {row.rest && <br />}
              {row.rest}
            </dt>
            <dd>{row.figure}</dd>
          </div>
        ))}
      </dl>
      {facts.length === 0 && <p className="card-summary">{kind?.summary}</p>}
      <dl className="card-live">
        {rows.map((row, index) => (
          <div key={row.metric}>
            <dt>{row.title}</dt>
            <dd
              ref={(element) => {
                values.current[index] = element;
              }}
            />
          </div>
        ))}
      </dl>
      <span className="card-fault" ref={fault} />
      <span className="card-bar" aria-hidden="true">
        <span ref={bar} />
      </span>
      {data.sends && hasHandles && <Handle type="source" position={Position.Right} />}
    </div>
  );
}

/** How much wider bold marks are, and the pixels of a line of a card's name: a longer one stands on two. */
const BOLDNESS = 1.1;
const NAME_ROOM = 128;
/** Letters of a kind's name that a card has room for. */
const KIND_LETTERS = 23;

/** Where there is no room for the whole name, as beside the sort, the vendor is left out: its service says who it is. */
function kindName(title: string, sort: string): string {
  const isLong = sort !== "" || title.length > KIND_LETTERS;
  return isLong ? title.replace(/^(Amazon|AWS) /, "") : title;
}

function faultTitle(kind: string, known: readonly FaultInfo[]): string {
  return known.find((one) => one.fault === kind)?.title ?? kind;
}

function Badge({ errors, warnings }: { errors: number; warnings: number }) {
  if (errors > 0) {
    return (
      <span className="card-badge bad" title={`${errors} ${errors === 1 ? "error" : "errors"}`}>
        <CircleAlert size={15} aria-hidden="true" />
        {errors > 1 && errors}
      </span>
    );
  }
  if (warnings > 0) {
    return (
      <span className="card-badge warn" title={`${warnings} ${warnings === 1 ? "warning" : "warnings"}`}>
        <TriangleAlert size={15} aria-hidden="true" />
        {warnings > 1 && warnings}
      </span>
    );
  }
  return null;
}

export const NodeCard = memo(Card);
