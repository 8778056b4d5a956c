import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./theme/tokens.css";
import "./theme/base.css";
import { App } from "./App";
import { startTheme } from "./theme/theme";

startTheme();

const place = document.getElementById("root");
if (!place) throw new Error("The page has no element #root to draw into.");
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
