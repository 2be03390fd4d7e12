import { Page } from "@/ui/panel";

export default function Upload() {
  return <Page title="Upload a file">{null}</Page>;
}
