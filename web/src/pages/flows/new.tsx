import { Page } from "@/ui/panel";

export default function NewFlow() {
  return <Page title="New flow">{null}</Page>;
}
