/** One icon for each kind; kinds this list does not know get the icon of their category. */
import {
  Bot,
  Boxes,
  BrainCircuit,
  Cable,
  Cog,
  Combine,
  Database,
  GitFork,
  Inbox,
  Layers,
  type LucideIcon,
  Megaphone,
  Milestone,
  Network,
  Outdent,
  Radio,
  RadioTower,
  Rows3,
  ScrollText,
  Server,
  Split,
  Users,
  Waypoints,
  Workflow,
  Zap,
} from "lucide-react";
import type { Category } from "../schema/types";

const BY_KIND: Readonly<Record<string, LucideIcon>> = {
  producer: RadioTower,
  queue: Rows3,
  topic: Megaphone,
  consumer: Users,
  service: Server,
  join: Combine,
  "aws.sqs": Inbox,
  "aws.sns": Radio,
  "aws.eventbridge": Waypoints,
  "aws.lambda": Zap,
  "aws.stepfunctions": Workflow,
  "aws.dynamodb": Database,
  "kafka.topic": ScrollText,
  "rabbitmq.exchange": Split,
  "rabbitmq.queue": Layers,
  projection: Boxes,
  "event-store": Database,
  saga: GitFork,
  outbox: Outdent,
  llm: BrainCircuit,
  tool: Bot,
};

const BY_CATEGORY: Readonly<Record<Category, LucideIcon>> = {
  producer: RadioTower,
  queue: Rows3,
  topic: Network,
  bus: Waypoints,
  consumer: Cog,
  service: Cable,
  join: Combine,
  store: Database,
  view: Boxes,
  function: Zap,
};

export function KindIcon({ kind, category, size = 16 }: { kind: string; category: Category; size?: number }) {
  const Icon = BY_KIND[kind] ?? BY_CATEGORY[category] ?? Milestone;
  return <Icon size={size} strokeWidth={2} aria-hidden="true" />;
}
