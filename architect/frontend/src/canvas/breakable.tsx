import { Fragment, type ReactNode } from "react";

/** Names of vendors are long and have no spaces: ReceiveMessageWaitTimeSeconds breaks between its words. */
export function breakable(title: string): ReactNode {
  return title.split(/(?<=[a-z._])(?=[A-Z])|(?<=[._])/).map((word, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the words of a title never change places
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {word}
    </Fragment>
  ));
}
