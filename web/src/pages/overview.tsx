import { Page } from "@/ui/panel";

export default function Overview() {
  return <Page title="Overview">{null}</Page>;
}
